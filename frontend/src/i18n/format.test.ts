import { describe, expect, test } from "vitest";
import { formatDate, formatDay, formatDistance, formatList, formatMilliseconds, formatTime } from "./format";
import { chooseLanguage, isLanguage, localeFor } from "./languages";

describe("the language", () => {
	test("is the first wanted one that Parley speaks", () => {
		expect(chooseLanguage(["fr-FR", "de-AT", "en"])).toBe("de");
		expect(chooseLanguage(["fr", "it"])).toBe("en");
		expect(chooseLanguage([])).toBe("en");
	});

	test("writes dates as the computer's region does", () => {
		expect(localeFor("en", ["fr-FR", "en-KE", "en-US"])).toBe("en-KE");
		expect(localeFor("de", ["en-GB"])).toBe("de");
	});

	test("is known by its code only", () => {
		expect(isLanguage("de")).toBe(true);
		expect(isLanguage("toString")).toBe(false);
		expect(isLanguage(undefined)).toBe(false);
	});
});

describe("formats", () => {
	const now = new Date(2026, 4, 3, 18, 0);

	test("a time of today by the clock alone", () => {
		expect(formatTime(new Date(2026, 4, 3, 14, 5).toISOString(), "de", now)).toBe("14:05");
	});

	test("a time of this year by day and clock, an older one by its date", () => {
		expect(formatTime(new Date(2026, 1, 9, 9, 5).toISOString(), "de", now)).toContain("9. Februar");
		expect(formatTime(new Date(2024, 1, 9).toISOString(), "de", now)).toBe("9. Februar 2024");
	});

	test("what is no time as it is", () => {
		expect(formatTime("soon", "en", now)).toBe("soon");
		expect(formatDay("soon", "en")).toBe("soon");
		expect(formatDistance("soon", "en", now)).toBe("soon");
	});

	test("how long it is until a time, in the largest unit that fits", () => {
		const away = (ms: number) => formatDistance(new Date(now.getTime() + ms).toISOString(), "en", now);
		const hour = 3_600_000;
		expect([away(7 * 24 * hour), away(30 * hour), away(5 * hour), away(80_000), away(10)]).toEqual([
			"in 7 days",
			"in 1 day",
			"in 5 hours",
			"in 1 minute",
			"in 1 minute",
		]);
		// What was made a moment ago for seven days still ends in seven.
		expect([away(7 * 24 * hour - 5000), away(24 * hour - 5000), away(hour - 5000)]).toEqual([
			"in 7 days",
			"in 1 day",
			"in 1 hour",
		]);
		expect([away(-2 * hour), away(-49 * hour)]).toEqual(["2 hours ago", "2 days ago"]);
	});

	test("lists, dates and milliseconds as the language writes them", () => {
		expect(formatList(["Anna", "Omar", "Lea"], "de")).toBe("Anna, Omar und Lea");
		expect(formatDate(new Date(2026, 4, 3), "de")).toBe("3. Mai 2026");
		expect(formatMilliseconds(3.44, "de")).toBe("3,4 ms");
	});
});
