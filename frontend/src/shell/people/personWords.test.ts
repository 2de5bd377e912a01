import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, test } from "vitest";
import type { Space } from "../../bridge";
import en from "../../i18n/en.json";
import { looksAfter, mayAnybodySucceed, maySucceed, mayWrite } from "../rights";
import { arrivalWords, confirmedWords, goneWords, isolated, standingWords } from "./personWords";
import { somebody, somewhere } from "./testing";

let t: TFunction;
beforeAll(async () => {
	t = await i18next.init({
		lng: "en",
		resources: { en: { translation: en } },
		interpolation: { escapeValue: false },
	});
});

describe("what is said of a person", () => {
	test("an official's standing, and whether somebody has vouched for it", () => {
		const official = somebody("Jana", { official: true, organisation: "City council" });
		expect(standingWords(official, t)).toBe(`Official, ${isolated("City council")}`);
		expect(confirmedWords(official, t)).toBe("not confirmed");
		expect(confirmedWords({ ...official, confirmedBy: "Anna" }, t)).toBe(`confirmed by ${isolated("Anna")}`);
		expect(standingWords(somebody("Ben", { organisation: "Tenants" }), t)).toBe("");
		expect(confirmedWords(somebody("Ben"), t)).toBe("");
	});

	test("who invited them, and who let them in where that was somebody else", () => {
		const [anna, ben] = [isolated("Anna"), isolated("Ben")];
		expect(arrivalWords(somebody("Lea"), t, "en")).toBe("Started the space on May 3, 2026.");
		const invited = somebody("Lea", { invitedBy: "Anna", admittedBy: "Anna" });
		expect(arrivalWords(invited, t, "en")).toBe(`Invited by ${anna}; in since May 3, 2026.`);
		expect(arrivalWords({ ...invited, admittedBy: "Ben" }, t, "en")).toBe(
			`Invited by ${anna}, let in by ${ben} on May 3, 2026.`,
		);
	});

	test("how they went", () => {
		const gone = { device: "d", name: "Rita", role: "editor", left: false, by: "Anna" } as const;
		const at = "2026-05-03T10:00:00Z";
		expect(goneWords({ ...gone, at }, t, "en")).toBe(`Removed by ${isolated("Anna")} on May 3, 2026`);
		expect(goneWords({ ...gone, at, by: "" }, t, "en")).toBe("Removed on May 3, 2026");
		expect(goneWords({ ...gone, at, by: "", left: true }, t, "en")).toBe("Left on May 3, 2026");
	});
});

describe("what somebody may do", () => {
	test("depends on the role, and on whether the space is closed", () => {
		const may = (role: "facilitator" | "editor" | "reader" | "none", archived = false) => {
			const space = somewhere({ role, archived });
			return [mayWrite(space), looksAfter(space)];
		};
		expect(may("facilitator")).toEqual([true, true]);
		expect(may("facilitator", true)).toEqual([false, true]);
		expect(may("editor")).toEqual([true, false]);
		expect(may("reader")).toEqual([false, false]);
		expect(may("none")).toEqual([false, false]);
	});

	test("editors go on in a new space once no facilitator is left", () => {
		expect(maySucceed(somewhere({ role: "editor", facilitators: 0 }))).toBe(true);
		expect(maySucceed(somewhere({ role: "editor", facilitators: 1 }))).toBe(false);
		expect(maySucceed(somewhere({ role: "reader", facilitators: 0 }))).toBe(false);
		expect(maySucceed(somewhere({ role: "none", facilitators: 0 }))).toBe(false);
	});

	test("nobody goes on in a new space where no editor is left either", () => {
		const among = (...roles: ("editor" | "annotator" | "reader" | "keeper")[]) =>
			mayAnybodySucceed(somewhere({ members: roles.map((role) => ({ role }) as Space["members"][number]) }));
		expect(among("reader", "editor")).toBe(true);
		expect(among("annotator", "reader", "keeper")).toBe(false);
	});
});
