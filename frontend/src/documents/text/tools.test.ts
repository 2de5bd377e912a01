import { expect, test } from "vitest";
import type { CommandId } from "../../editor";
import { kindTools, matching } from "./tools";

const names: Partial<Record<CommandId, string>> = {
	heading1: "Überschrift 1",
	bulletList: "Liste mit Punkten",
	orderedList: "Nummerierte Liste",
	taskList: "Aufgabenliste",
};
const found = (typed: string) =>
	matching(kindTools, typed, (id) => names[id] ?? "–", "de").map(({ id }) => id);

test("a kind is found by any part of its name, what begins so first, whatever the case and the accents", () => {
	expect(found("LISTE")).toEqual(["bulletList", "orderedList", "taskList"]);
	expect(found("uber")).toEqual(["heading1"]);
	expect(found("über")).toEqual(["heading1"]);
	expect(found("zzz")).toEqual([]);
});

test("every kind is offered while nothing is typed", () => {
	expect(found("")).toEqual(kindTools.map(({ id }) => id));
});
