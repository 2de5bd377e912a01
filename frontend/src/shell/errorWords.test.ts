import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInstance, type TFunction } from "i18next";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { ParleyError } from "../bridge";
import ar from "../i18n/ar.json";
import de from "../i18n/de.json";
import en from "../i18n/en.json";
import { Told } from "../ui/Told";
import { errorWords, hasWords } from "./errorWords";

const catalogues = { en, de, ar };

async function inLanguage(language: keyof typeof catalogues): Promise<TFunction> {
	const i18n = createInstance();
	return await i18n.init({
		lng: language,
		resources: { [language]: { translation: catalogues[language] } },
		interpolation: { escapeValue: false },
	});
}

/** Every code of the Go side, from where they are declared. */
function codesOfGo(): string[] {
	const source = readFileSync(join(import.meta.dirname, "../../../app/errors.go"), "utf8");
	return [...source.matchAll(/^\tCode\w+\s+Code = "([^"]+)"/gm)].map(([, code]) => code ?? "");
}

test("every code of the Go side has words", () => {
	expect(codesOfGo().length).toBeGreaterThan(40);
	expect(codesOfGo().filter((code) => !hasWords(code))).toEqual([]);
});

describe.each(["de", "ar"] as const)("in %s", (language) => {
	test("every code is told in that language, and what is English in it says so", async () => {
		const t = await inLanguage(language);
		const english = "Something odd (in English).";
		for (const code of [...codesOfGo(), "disconnected", "not-now", "unknown", "of another version"]) {
			const words = errorWords(new ParleyError(code, english), t);
			const own = words.replace(`\u2066${english}\u2069`, "");
			expect(own, code).not.toContain(english);
			expect(own.trim().length, code).toBeGreaterThan(5);
			expect(own, code).not.toMatch(/^(error|space|lock|protect|carry)\./);
			expect(own, code).toMatch(language === "ar" ? /\p{Script=Arabic}/u : /[a-zäöüß]/);
		}
	});

	test.each(["not-found", "invalid", "timeout", "internal"])("%s keeps what exactly it was", async (code) => {
		const t = await inLanguage(language);
		expect(errorWords(new ParleyError(code, "There is no such part."), t)).toContain(
			"There is no such part.",
		);
	});
});

test("in English, what exactly it was is the sentence", async () => {
	const words = errorWords(
		new ParleyError("not-found", "This request is not there."),
		await inLanguage("en"),
	);
	expect(words).toBe("\u2066This request is not there.\u2069");
});

test("what is English within another language is marked for who listens and for who reads from right to left", async () => {
	const words = errorWords(new ParleyError("internal", "It \u2069broke."), await inLanguage("ar"));
	const shown = renderToStaticMarkup(Told({ text: words }));
	expect(shown).toContain('<span lang="en" dir="ltr">It broke.</span>');
	expect(shown).not.toMatch(/[\u2066\u2069]/);
});
