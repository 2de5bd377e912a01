import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, test } from "vitest";
import { type Carried, fromBase64, ParleyError } from "../../bridge";
import en from "../../i18n/en.json";
import { isolated } from "../people/personWords";
import { isCarried, nameOfHanded, sendFile } from "./carriage";
import { carriedWords } from "./carryWords";
import { problemWords } from "./problemWords";

let t: TFunction;
beforeAll(async () => {
	t = await i18next.init({
		lng: "en",
		resources: { en: { translation: en } },
		interpolation: { escapeValue: false },
	});
});

const nothing: Carried = {
	...{ space: "s", name: "Park", by: "Anna", made: "2026-05-03T10:00:00Z", joined: false, entries: 0 },
	...{ new: 0, updated: 0, files: 0, setAside: 0, waiting: 0, unreadable: [] },
};

describe("what a file brought is said", () => {
	const first = `From ${isolated("Anna")}, of May 3, 2026, for “${isolated("Park")}”.`;

	test("in as many words as there is to say", () => {
		expect(carriedWords(nothing, t, "en")).toEqual([first, "Nothing in it was new."]);
		expect(carriedWords({ ...nothing, updated: 3, new: 1, setAside: 2 }, t, "en")).toEqual([
			first,
			"3 documents were brought up to date.",
			"1 document is new.",
			"2 changes were set aside, because they do not count here.",
		]);
	});

	test("with what is not as it should be, and without the news of a space that is all new", () => {
		expect(carriedWords({ ...nothing, entries: 4 }, t, "en")[1]).toBe(t("carry.people"));
		expect(carriedWords({ ...nothing, joined: true, entries: 4 }, t, "en")).toEqual([
			first,
			t("carry.joined"),
		]);
		const lacking = { ...nothing, waiting: 1, unreadable: [{ what: "Plan", sentence: "It was damaged." }] };
		expect(carriedWords(lacking, t, "en").slice(1)).toEqual([
			t("carry.nothing"),
			t("carry.waiting", { count: 1 }),
			t("carry.lacks", { what: isolated("Plan") }),
		]);
	});
});

describe("a file is sent", () => {
	test.each([0, 1, 512 * 1024, 512 * 1024 + 1, 3_000_000])(
		"of %i bytes, whole and in order",
		async (size) => {
			const bytes = Buffer.alloc(size, "the words of a space, ");
			const sent: Uint8Array[] = [];
			const ends: boolean[] = [];
			const api = {
				SendPart: async (_: string, part: string, last: boolean) => {
					sent.push(fromBase64(part));
					ends.push(last);
				},
			};
			await sendFile(api, "one", new Blob([bytes]));
			expect(Buffer.concat(sent).equals(bytes)).toBe(true);
			expect(ends.lastIndexOf(true)).toBe(ends.length - 1);
			expect(ends.indexOf(true)).toBe(ends.length - 1);
		},
	);
});

test("what is opened outside is told from codes, and shown by its last name", () => {
	expect(isCarried("PARLEY1-ABC")).toBe(false);
	expect(isCarried("parley-bundle:/media/stick/For Ben.parley-bundle")).toBe(true);
	expect(nameOfHanded("parley-bundle:/media/stick/For Ben.parley-bundle")).toBe("For Ben.parley-bundle");
	expect(nameOfHanded("parley-bundle:E:\\For Ben.parley-bundle")).toBe("For Ben.parley-bundle");
});

test("an earlier file that cannot be used is not spoken of as one that comes in", () => {
	const cut = new ParleyError("broken-file", "This file is damaged.");
	expect(problemWords(cut, t, "in")).toBe(t("carry.brokenFile"));
	expect(problemWords(cut, t, "out")).toBe(t("carry.earlierWrong"));
	const stopped = new ParleyError("stopped", "This was stopped.");
	expect(problemWords(stopped, t, "in")).toBe(t("carry.stoppedIn"));
	expect(problemWords(stopped, t, "out")).toBe(t("carry.stoppedOut"));
});
