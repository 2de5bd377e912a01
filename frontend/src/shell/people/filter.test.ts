import { describe, expect, test } from "vitest";
import type { Member, Role } from "../../bridge";
import { byRole, findMembers, firstOf } from "./filter";
import { somebody } from "./testing";

const names = (members: readonly Member[]) => members.map(({ name }) => name);

describe("looking for people", () => {
	const members = [
		somebody("José Álvarez", { organisation: "City council" }),
		somebody("Anna Okafor", { role: "facilitator" }),
		somebody("Joseph Müller", { role: "reader" }),
	];

	test("finds them by parts of the name or organisation, whatever the accents and capitals", () => {
		expect(names(findMembers(members, { text: "jose", role: "all" }))).toEqual([
			"José Álvarez",
			"Joseph Müller",
		]);
		expect(names(findMembers(members, { text: "COUNCIL alva", role: "all" }))).toEqual(["José Álvarez"]);
		expect(names(findMembers(members, { text: "muller", role: "all" }))).toEqual(["Joseph Müller"]);
		expect(findMembers(members, { text: "nobody", role: "all" })).toEqual([]);
	});

	test("finds them by role", () => {
		expect(names(findMembers(members, { text: "", role: "facilitator" }))).toEqual(["Anna Okafor"]);
		expect(findMembers(members, { text: "jose", role: "facilitator" })).toEqual([]);
	});
});

describe("the order of people", () => {
	const someone = (name: string, role: Role, you = false) => somebody(name, { role, you });

	test("is by role, then you, then by name as the language has it", () => {
		const groups = byRole(
			[
				someone("Zoë", "editor"),
				someone("Ötzi", "editor"),
				someone("Omar", "editor", true),
				someone("Pia", "reader"),
				someone("Anna", "facilitator"),
			],
			"de",
		);
		expect(groups.map(({ role, members }) => [role, ...names(members)])).toEqual([
			["facilitator", "Anna"],
			["editor", "Omar", "Ötzi", "Zoë"],
			["reader", "Pia"],
		]);
	});

	test("is kept where only the first are shown", () => {
		const many = Array.from({ length: 1000 }, (_, i) =>
			someone(`Person ${i + 1}`, i % 2 ? "reader" : "editor"),
		);
		const shown = firstOf(byRole(many, "en"), 503);
		expect(shown.map(({ role, members }) => [role, members.length])).toEqual([
			["editor", 500],
			["reader", 3],
		]);
		expect(shown[0]?.members[1]?.name).toBe("Person 3");
	});
});
