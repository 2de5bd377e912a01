import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, test } from "vitest";
import type { MemberStatus } from "../bridge";
import en from "../i18n/en.json";
import { hasWords, portionOf, portionWords } from "./hasWords";

let t: TFunction;
beforeAll(async () => {
	t = await i18next.init({
		lng: "en",
		resources: { en: { translation: en } },
		interpolation: { escapeValue: false },
	});
});

const NOW = new Date("2026-11-23T18:00:00");
const someone = (state: Partial<MemberStatus>): MemberStatus => ({
	device: "d",
	name: "Ben",
	you: false,
	connected: false,
	hasLatest: false,
	known: true,
	...state,
});
const words = (state: Partial<MemberStatus>) => hasWords(someone(state), t, "en-GB", NOW);

describe("what a person has", () => {
	test("everything, as of when they were met where they are not here", () => {
		expect(words({ hasLatest: true, connected: true })).toBe("Has everything");
		expect(words({ hasLatest: true, asOf: "2026-11-17T09:05:00" })).toBe(
			"Has everything (as of 17 November at 9:05)",
		);
	});

	test("all but what was written today, or since a day, or nobody knows when", () => {
		expect(words({ connected: true, lacks: "2026-11-23T09:00:00" })).toBe(en.has.lacksToday);
		expect(words({ lacks: "2026-11-20T09:00:00" })).toBe("Has not seen the changes since 20 November 2026");
		expect(words({})).toBe(en.has.lacks);
	});

	test("nothing is claimed of whom nobody has heard", () => {
		expect(words({ known: false, asOf: "2026-11-17T09:05:00" })).toBe(en.has.unknown);
	});
});

describe("how many have it", () => {
	const count = (...has: boolean[]) =>
		portionOf({
			saved: true,
			offline: false,
			members: [someone({ you: true }), ...has.map((hasLatest) => someone({ hasLatest }))],
		});

	test("counts people, and one's own other devices not", () => {
		expect(count(true, false)).toEqual({ have: 1, people: 2 });
		expect(count()).toEqual({ have: 0, people: 0 });
	});

	test("never says everyone when one lacks something", () => {
		expect(portionWords(3, 3, t)).toBe(en.has.everyone);
		expect(portionWords(2, 3, t)).toBe("2 of 3 have the latest");
		expect(portionWords(0, 3, t)).toBe(en.has.nobody);
	});
});
