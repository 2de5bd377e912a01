import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import ar from "./ar.json";
import de from "./de.json";
import en from "./en.json";
import type { languages } from "./languages";

type Tree = { [key: string]: string | Tree };

const catalogues: Record<keyof typeof languages, Tree> = { en, de, ar };

function flatten(tree: Tree, prefix = ""): Map<string, string> {
	const texts = new Map<string, string>();
	for (const [key, value] of Object.entries(tree)) {
		if (typeof value === "string") texts.set(prefix + key, value);
		else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) texts.set(inner, text);
	}
	return texts;
}

const PLURAL = /_(zero|one|two|few|many|other)$/;
const base = (key: string) => key.replace(PLURAL, "");

const english = flatten(en);
const keys = new Set([...english.keys()].map(base));
const counted = new Set([...english.keys()].filter((key) => PLURAL.test(key)).map(base));

describe.each(Object.entries(catalogues))("the catalogue %s", (language, tree) => {
	const texts = flatten(tree);

	test("has every text and no other", () => {
		expect([...new Set([...texts.keys()].map(base))].sort()).toEqual([...keys].sort());
	});

	test("has every form of number that the language has", () => {
		const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
		const missing = [...counted].flatMap((key) =>
			forms.map((form) => `${key}_${form}`).filter((form) => !texts.has(form)),
		);
		expect(missing).toEqual([]);
	});

	test("fills the same gaps as the English text", () => {
		const gaps = (text = "") => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name);
		const known = (key: string) => {
			const all = [...english]
				.filter(([other]) => base(other) === base(key))
				.flatMap(([, text]) => gaps(text));
			// A form for exactly one or two may say the number as a word.
			return PLURAL.test(key) ? [...all, "count"] : all;
		};
		for (const [key, text] of texts) {
			for (const gap of gaps(text)) expect(known(key), key).toContain(gap);
			if (!PLURAL.test(key)) expect(new Set(gaps(text)), key).toEqual(new Set(gaps(english.get(key))));
		}
	});

	test("calls the way to join by one name, also where somebody is told to choose it", () => {
		const name = texts.get("home.join") ?? "";
		expect(texts.get("sidebar.join")).toBe(name);
		expect(texts.get("invite.next")).toContain(name);
	});

	test("leaves no text empty", () => {
		for (const [key, text] of texts) expect(text.trim(), key).not.toBe("");
	});
});

describe("the keys", () => {
	const folder = join(import.meta.dirname, "..");
	const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
		.filter((path) => /\.tsx?$/.test(path) && !path.includes(".test."))
		.map((path) => readFileSync(join(folder, path), "utf8"))
		.join("\n");
	const literals = new Set([...sources.matchAll(/"([a-zA-Z]+\.[a-zA-Z0-9]+)"/g)].map(([, key]) => key ?? ""));
	// `role.${role}` uses every key that begins with "role." and ends as the template does.
	const templates = [...sources.matchAll(/\bt\(`([^`]+)`/g)].map(
		([, template]) =>
			new RegExp(`^${(template ?? "").replaceAll(".", "\\.").replace(/\$\{[^}]+\}/g, "\\w+")}$`),
	);

	test("are all used", () => {
		const unused = [...keys].filter(
			(key) => !literals.has(key) && !templates.some((template) => template.test(key)),
		);
		expect(unused).toEqual([]);
	});

	test("that are used all exist", () => {
		const asked = [...sources.matchAll(/\bt\("([^"]+)"/g)].map(([, key]) => key ?? "");
		expect(asked.filter((key) => !keys.has(key))).toEqual([]);
	});
});
