import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, test } from "vitest";
import type { Quarantined } from "../../bridge";
import en from "../../i18n/en.json";
import { authorWords, effectWords, reasonWords, spanWords } from "./asideWords";

let t: TFunction;
beforeAll(async () => {
	t = await i18next.init({
		lng: "en",
		resources: { en: { translation: en } },
		interpolation: { escapeValue: false },
	});
});

const item = (about: Partial<Quarantined>): Quarantined => ({
	id: "q",
	document: "d",
	title: "A better bus stop",
	part: "body",
	name: "Rita",
	reason: "removed",
	changes: 3,
	since: "2024-05-03T10:00:00Z",
	until: "2024-05-03T10:00:00Z",
	size: 100,
	excerpt: "",
	admissible: true,
	...about,
});

describe("what is set aside", () => {
	test("names who wrote it, with their organisation", () => {
		expect(authorWords(item({}), t)).toBe("Rita");
		expect(authorWords(item({ organisation: "Bus company" }), t)).toBe("Rita, Bus company");
		expect(authorWords(item({ name: "" }), t)).toBe(en.aside.somebody);
	});

	test("says how much it adds and takes out", () => {
		expect(effectWords(item({}), t)).toBe("");
		expect(effectWords(item({ does: { adds: 1, takesOut: 0 } }), t)).toBe("It adds 1 letter.");
		expect(effectWords(item({ does: { adds: 0, takesOut: 12 } }), t)).toBe("It takes out 12 letters.");
		expect(effectWords(item({ does: { adds: 2, takesOut: 1 } }), t)).toBe(
			"It adds 2 letters. It takes out 1 letter.",
		);
		expect(effectWords(item({ does: { adds: 0, takesOut: 0 } }), t)).toBe(en.aside.noLetters);
	});

	test("says when it came, once or between two times", () => {
		expect(spanWords(item({}), "en", t)).toBe("came May 3, 2024");
		expect(spanWords(item({ until: "2024-05-09T10:00:00Z" }), "en", t)).toBe(
			"came between May 3, 2024 and May 9, 2024",
		);
	});

	// The codes of docs/window.md.
	test.each([
		"removed",
		"role",
		"archived",
		"stranger",
		"signature",
		"actor",
		"forked",
		"malformed",
		"too-large",
		"unreadable",
	])("has words of its own for why: %s", (reason) => {
		expect(reasonWords(item({ reason }), t)).not.toBe(en.aside.otherReason);
	});

	test("has words for what a newer Parley may say", () => {
		expect(reasonWords(item({ reason: "gravity" }), t)).toBe(en.aside.otherReason);
	});
});
