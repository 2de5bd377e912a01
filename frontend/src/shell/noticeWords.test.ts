import i18next from "i18next";
import { expect, test } from "vitest";
import ar from "../i18n/ar.json";
import de from "../i18n/de.json";
import en from "../i18n/en.json";
import { isSeenAt, noticeWords } from "./noticeWords";

const catalogues = { en, de, ar };
const i18n = i18next.createInstance();
await i18n.init({
	lng: "en",
	resources: { en: { translation: en }, de: { translation: de }, ar: { translation: ar } },
	interpolation: { escapeValue: false },
});

function words(code: string, values: Record<string, string> = {}): string {
	return noticeWords({ id: "1", code, values, at: "2026-11-23T10:00:00Z" }, i18n.t);
}

const known = ["forked", "copied", "set-aside", "damaged", "settings-aside", "restored"];

test.each(Object.keys(catalogues))(
	"in %s every notice has words of its own, and names what it knows",
	async (language) => {
		await i18n.changeLanguage(language);
		const values = { person: "Ben Adeyemi", count: "7", file: "park.parley" };
		const said = known.map((code) => words(code, values));
		expect(new Set([...said, words("from-the-future")]).size).toBe(known.length + 1);
		expect(words("forked", { ...values, own: "true" })).not.toBe(said[0]);
		for (const sentence of said) expect(sentence).not.toMatch(/\{\{|undefined/);
		for (const i of [0, 2]) expect(said[i]).toContain("Ben Adeyemi");
		for (const i of [3, 4, 5]) expect(said[i]).toContain("park.parley");
		// Nothing that is not known becomes a hole in the sentence.
		for (const code of known) expect(words(code)).not.toMatch(/\{\{|undefined|NaN/);
	},
);

test("what a notice counts is said in words that fit the number", async () => {
	await i18n.changeLanguage("en");
	expect(words("set-aside", { person: "Ben", count: "1" })).toMatch(/^1 change by \u2068Ben/);
	expect(words("set-aside", { person: "Ben", count: "7" })).toMatch(/^7 changes by \u2068Ben/);
	expect(words("damaged", { count: "3" })).toContain("3 records");
	expect(words("damaged", { files: "000001.sst", gaps: "0" })).toContain("no document lacks anything");
	expect(words("damaged", { files: "000001.sst", gaps: "2" })).toContain("2 documents lack something");
});

test("that one is in a space has been seen once it is open, and nothing else by that", () => {
	const notice = { id: "1", code: "admitted", space: "mill-lane", values: {}, at: "2026-11-23T10:00:00Z" };
	expect(isSeenAt(notice, { space: "mill-lane" })).toBe(true);
	expect(isSeenAt(notice, { space: "other" })).toBe(false);
	expect(isSeenAt(notice, {})).toBe(false);
	expect(isSeenAt({ ...notice, code: "set-aside" }, { space: "mill-lane" })).toBe(false);
});
