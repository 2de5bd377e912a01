import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, test } from "vitest";
import en from "../../i18n/en.json";
import { codeIn } from "./code";
import { endingWords, isOver, linkOf } from "./invitationWords";

const code = "PARLEY1-ABCDE-23456-FGHIJ";

describe("the code", () => {
	test.each([
		["alone", ` ${code}\n`],
		["in a link", linkOf(code)],
		["in a link as some programs write it", `parley://${code}`],
		["broken into lines", "PARLEY1-ABCDE-\n23456-\r\nFGHIJ"],
		["in a message", `Hello Ben,\nhere is the code: ${code}. See you!`],
	])("is found %s", (_, text) => {
		expect(codeIn(text)).toBe(code);
	});

	test("that is none stays what was typed, for the answer that it is none", () => {
		expect(codeIn("  hello there ")).toBe("hello there");
		expect(codeIn("")).toBe("");
	});
});

describe("an invitation", () => {
	let t: TFunction;
	beforeAll(async () => {
		t = await i18next.init({
			lng: "en",
			resources: { en: { translation: en } },
			interpolation: { escapeValue: false },
		});
	});
	const now = new Date("2026-05-03T12:00:00Z");
	const open = { withdrawn: false, used: 1, uses: 3 };
	const words = (about: object) => endingWords({ ...open, ...about }, t, "en", now);

	test("says in words until when it lets people in, and why not", () => {
		expect(words({})).toBe("does not end");
		expect(words({ expires: "2026-05-10T12:00:00Z" })).toBe("ends in 7 days");
		expect(words({ expires: "2026-05-01T12:00:00Z" })).toBe("ended 2 days ago");
		expect(words({ used: 3 })).toBe("used up");
		expect(words({ withdrawn: true, used: 3 })).toBe("withdrawn");
	});

	test("is over when it is withdrawn, used up or ended", () => {
		expect(isOver(open, now)).toBe(false);
		expect(isOver({ ...open, expires: "2026-05-03T12:00:01Z" }, now)).toBe(false);
		expect(isOver({ ...open, expires: "2026-05-03T11:59:59Z" }, now)).toBe(true);
		expect(isOver({ ...open, used: 3 }, now)).toBe(true);
		expect(isOver({ ...open, withdrawn: true }, now)).toBe(true);
	});
});
