import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, test } from "vitest";
import type { Absent, Exporting } from "../../bridge";
import en from "../../i18n/en.json";
import { exportWords } from "./exportWords";

const ended = (how: Partial<Exporting>, file = "") => ({
	file,
	url: file === "" ? "/download/x" : "",
	how: {
		...{ space: "s", done: 3, of: 3, fetched: 0, fetching: 0, end: "made" as const, absent: [], lacks: 0 },
		...how,
	},
});
let t: TFunction;
beforeAll(async () => {
	t = await i18next.init({
		lng: "en",
		resources: { en: { translation: en } },
		interpolation: { escapeValue: false },
	});
});
const words = (how: Partial<Exporting>, file?: string) => exportWords(ended(how, file), t, "en");
const absent = (why: Absent["why"], files: number, ...who: string[]): Absent => ({ why, files, who });

describe("what is said of a space that was saved as a file", () => {
	test("is where it is, if it is whole", () => {
		expect(words({})).toBe("Everything is in the file that your browser saves.");
		expect(words({}, "/home/anna/Park.zip")).toBe("Everything is saved in /home/anna/Park.zip.");
	});

	test("is what is missing, why, and what to do", () => {
		expect(words({ absent: [absent("unreachable", 1)] })).toBe(
			"The file is saved. 1 picture or file is missing in it. Nobody who has what is missing is reachable now. Save it again when others are online. README.txt in the file says what is missing.",
		);
		expect(words({ absent: [absent("unreachable", 2, "Anna", "Ben"), absent("no-room", 3)] })).toBe(
			"The file is saved. 2 pictures and files are missing in it. Nobody who has what is missing is reachable now. Save it again when you are connected with \u2068Anna\u2069 and \u2068Ben\u2069. 3 pictures and files are missing in it. There is no room for it on this computer. Make room and save it again. README.txt in the file says what is missing.",
		);
		expect(words({ lacks: 1 })).toBe("The file is saved. README.txt in the file says what is missing.");
	});
});
