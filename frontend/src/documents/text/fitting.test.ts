import { expect, test } from "vitest";
import { fitting } from "./fitting";

const groups = [
	[1, 2, 3, 4],
	[5, 6],
];
const sizes = { tool: 32, gap: 4 };

test("all tools are shown where all fit", () => {
	expect(fitting(groups, { ...sizes, room: 1000 })).toBe(6);
	expect(fitting(groups, { ...sizes, room: 2 * 17 + 6 * 32 + 4 * 2 })).toBe(6);
});

test("one pixel less takes the last tools into the menu, which needs a place too", () => {
	expect(fitting(groups, { ...sizes, room: 2 * 17 + 6 * 32 + 4 * 2 - 1 })).toBe(4);
});

test("no room shows the menu alone", () => {
	expect(fitting(groups, { ...sizes, room: 40 })).toBe(0);
	expect(fitting(groups, { ...sizes, room: -5 })).toBe(0);
});
