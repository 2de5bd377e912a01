import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, test } from "vitest";
import type { MemberStatus, Status } from "../bridge";
import en from "../i18n/en.json";
import { type StatusInput, statusWords } from "./status";

let t: TFunction;
beforeAll(async () => {
	t = await i18next.init({
		lng: "en",
		resources: { en: { translation: en } },
		interpolation: { escapeValue: false },
	});
});

const someone = (name: string, hasLatest: boolean, connected = true): MemberStatus => ({
	device: name,
	name,
	you: false,
	hasLatest,
	connected,
	known: true,
});
const among = (...members: MemberStatus[]): Status => ({ saved: true, offline: false, members });
const words = (input: Partial<StatusInput>) =>
	statusWords(
		{
			saving: { state: "saved" },
			connection: "connected",
			status: undefined,
			member: true,
			named: 3,
			...input,
		},
		t,
		"en",
	);

describe("what is said of one's own work", () => {
	test("saved, saving, and not saved while the connection is gone", () => {
		expect(words({}).own).toBe("Saved on this computer.");
		expect(words({ saving: { state: "saving" } })).toMatchObject({ own: "Saving…", tone: "waiting" });
		expect(words({ saving: { state: "saving" }, connection: "disconnected" })).toMatchObject({
			own: en.status.disconnected,
			tone: "problem",
		});
	});

	test("why it cannot be saved", () => {
		const problem = { code: "internal", message: "The disk is on fire. Leave the house." };
		const said = words({ saving: { state: "failed", problem } });
		expect(said.tone).toBe("problem");
		expect(said.own).toMatch(/The disk is on fire\. Leave the house\.\u2069 Keep this window open/);
		const full = { code: "unwritable", message: "" };
		expect(words({ saving: { state: "failed", problem: full } }).own).toContain(en.error.unwritable);
	});

	test("what is refused for good, without a promise to try again", () => {
		for (const code of ["not-allowed", "archived", "no-member"]) {
			const said = words({ saving: { state: "failed", problem: { code, message: "" } } });
			expect(said).toMatchObject({ own: en.status.refused, tone: "problem" });
		}
	});

	test("a connection that comes back is no failure", () => {
		const problem = { code: "disconnected", message: "" };
		expect(words({ saving: { state: "failed", problem } }).own).toBe("Saving…");
	});
});

describe("what is said of the others", () => {
	test("who has all but today's changes is said to have that", () => {
		const today = new Date().toISOString();
		const ben = { ...someone("Ben", false, false), lacks: today };
		const chidi = { ...someone("Chidi", false, false), lacks: today };
		expect(words({ status: among(someone("Anna", true), ben, chidi) }).others).toBe(
			"Anna is up to date; Ben and Chidi have not seen today's changes yet.",
		);
		const older = { ...chidi, lacks: "2020-01-01T00:00:00Z" };
		expect(words({ status: among(someone("Anna", true), ben, older) }).others).toContain(
			"have not seen the latest changes yet",
		);
		// Who is here gets them in a moment.
		expect(words({ status: among({ ...ben, connected: true }) }).others).toContain("the latest changes");
	});

	test("nothing while it is not known", () => {
		expect(words({}).others).toBe("");
		expect(words({ status: among(someone("Anna", true)), connection: "disconnected" }).others).toBe("");
	});

	test("nothing in the copy of a device that is out", () => {
		expect(words({ status: among(someone("Anna", true)), member: false }).others).toBe("");
	});

	test("that there are none", () => {
		expect(words({ status: among() }).others).toBe("You are the only one in this space so far.");
	});

	test("everyone only when everyone has it", () => {
		const status = among(someone("Anna", true), someone("Omar", true, false));
		expect(words({ status }).others).toBe("Everyone is up to date.");
		expect(words({ status, saving: { state: "saving" } }).others).toBe("");
	});

	test("who has it and who has not, by name", () => {
		const status = among(someone("Anna", true), someone("Omar", true), someone("Lea", false, false));
		expect(words({ status }).others).toBe(
			"Anna and Omar are up to date; Lea has not seen the latest changes yet.",
		);
		expect(words({ status: among(someone("Lea", false)) }).others).toBe(
			"Lea has not seen the latest changes yet.",
		);
	});

	test("one's own other device by what it is, not by one's own name", () => {
		const mine = { ...someone("Anna", false), you: true };
		expect(words({ status: among(mine, someone("Lea", true)) }).others).toBe(
			"Lea is up to date; your other device has not seen the latest changes yet.",
		);
	});

	test("many are counted", () => {
		const many = ["A", "B", "C", "D"].map((name) => someone(name, true));
		const status = among(...many, someone("Lea", false));
		expect(words({ status }).others).toBe(
			"4 people are up to date; Lea has not seen the latest changes yet.",
		);
		expect(
			words({ status: among(someone("A", true), someone("B", true), someone("C", false)), named: 1 }).others,
		).toBe("2 people are up to date; C has not seen the latest changes yet.");
	});

	test("when they get it, where nobody can now", () => {
		const members = [someone("Anna", false, false), someone("Omar", true, false)];
		expect(words({ status: among(...members) }).others).toBe("Anna gets your changes when you meet again.");
		const both = members.map((member) => ({ ...member, hasLatest: false }));
		expect(words({ status: among(...both) }).others).toBe(
			"Anna and Omar get your changes when you meet again.",
		);
		expect(words({ status: among(...both), named: 1 }).others).toBe(en.status.nobody);
		expect(words({ status: { ...among(...members), offline: true } }).others).toBe(en.status.offline);
	});
});
