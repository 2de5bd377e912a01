import { beforeEach, expect, test } from "vitest";
import { IndexReplica, smallestSplice } from "./indexReplica";
import { type Desk, Hall, newDocument } from "./testing";

let hall: Hall;
let here: IndexReplica;
let there: IndexReplica;
const closing = (index: IndexReplica) => index.saved();

beforeEach(async () => {
	hall = new Hall();
	hall.desk().append([
		newDocument((core) => {
			const documents = core.putObject("_root", "documents", {});
			for (const [id, created] of [
				["bb", 2],
				["aa", 1],
			] as const) {
				const entry = core.putObject(documents, id, {});
				core.put(entry, "kind", "text", "str");
				core.putObject(entry, "title", `Plan ${id}`);
				core.put(entry, "created", new Date(created * 1000), "timestamp");
			}
		}),
	]);
	here = await IndexReplica.open((hall.desks[0] as Desk).door, "space", "document");
	there = await IndexReplica.open(hall.desk().door, "space", "document");
});

async function meet(): Promise<void> {
	await Promise.all([here, there].map(closing));
	await hall.exchange();
	await Promise.all([here, there].map(closing));
}

function titles(index: IndexReplica): string[] {
	return index.getSnapshot().map(({ title }) => title);
}

test("the oldest document comes first; the list stays one object until something in it changes", async () => {
	expect(here.getSnapshot().map(({ id, kind, title }) => [id, kind, title])).toEqual([
		["aa", "text", "Plan aa"],
		["bb", "text", "Plan bb"],
	]);
	const before = here.getSnapshot();
	here.rename("aa", "Plan aa");
	expect(here.getSnapshot()).toBe(before);
	let told = 0;
	const stop = here.subscribe(() => told++);
	here.rename("aa", "A better plan");
	expect(titles(here)).toEqual(["A better plan", "Plan bb"]);
	expect(told).toBe(1);
	stop();
});

test("two people who mend a title at once both keep their letters", async () => {
	here.rename("aa", "Better plan aa");
	there.rename("aa", "Plan aab");
	await meet();
	expect(titles(here)[0]).toBe("Better plan aab");
	expect(titles(there)[0]).toBe("Better plan aab");
});

test.each([
	["Anna's name for it", "Ben's name for it"],
	["Anna's name for it", "Plan bbb"],
])("of two other names given at once (%s, %s) one stays, whole, and can be mended", async (one, other) => {
	here.rename("bb", one);
	there.rename("bb", other);
	await meet();
	const name = titles(here)[1];
	expect(titles(there)[1]).toBe(name);
	expect([one, other]).toContain(name);
	here.rename("bb", `${name}!`);
	there.rename("bb", `The ${name}`);
	await meet();
	for (const index of [here, there]) expect(titles(index)[1]).toBe(`The ${name}!`);
});

test("a document is archived and brought back, and a new title given meanwhile stays", async () => {
	const shelved = (index: IndexReplica) => index.getSnapshot().map(({ archived }) => archived);
	here.archive("aa", true);
	there.rename("aa", "Another name");
	await meet();
	for (const index of [here, there]) {
		expect(shelved(index)).toEqual([true, false]);
		expect(titles(index)[0]).toBe("Another name");
	}
	const { archivedAt } = there.getSnapshot()[0] ?? {};
	expect(Math.abs((archivedAt?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);

	const before = there.getSnapshot();
	there.archive("aa", true);
	expect(there.getSnapshot()).toBe(before);
	there.archive("aa", false);
	expect(there.getSnapshot()[0]).toMatchObject({ archived: false, archivedAt: null });
	await meet();
	expect(shelved(here)).toEqual([false, false]);
});

test("of an archive and a bringing back at once the archive stays, until somebody knows of both", async () => {
	here.archive("bb", true);
	there.archive("bb", true);
	here.archive("bb", false);
	await meet();
	for (const index of [here, there]) expect(index.getSnapshot()[1]?.archived).toBe(true);
	here.archive("bb", false);
	await meet();
	for (const index of [here, there]) expect(index.getSnapshot()[1]?.archived).toBe(false);
});

test("whatever stands in the field, the document is archived; a time beyond all calendars is none", async () => {
	const odd = newDocument((core) => {
		const documents = core.putObject("_root", "documents", {});
		const entry = core.putObject(documents, "cc", {});
		core.put(entry, "created", 8.7e15, "timestamp");
		core.put(entry, "archived", false, "boolean");
		core.put(core.putObject(documents, "dd", {}), "archived", 1e15, "timestamp");
	});
	const other = new Hall();
	other.desk().append([odd]);
	const index = await IndexReplica.open((other.desks[0] as Desk).door, "space", "document");
	expect(index.getSnapshot()).toMatchObject([
		{ id: "cc", created: null, archived: true, archivedAt: null },
		{ id: "dd", created: null, archived: true, archivedAt: null },
	]);
});

test("a title that another program wrote as a plain string can be renamed", async () => {
	const odd = newDocument((core) => {
		const documents = core.putObject("_root", "documents", {});
		core.put(core.putObject(documents, "cc", {}), "title", "Odd", "str");
	});
	const other = new Hall();
	other.desk().append([odd]);
	const index = await IndexReplica.open((other.desks[0] as Desk).door, "space", "document");
	expect(titles(index)).toEqual(["Odd"]);
	expect(index.rename("cc", "Even")).toBe(true);
	expect(titles(index)).toEqual(["Even"]);
});

test("the smallest splice never cuts a character in two", () => {
	expect(smallestSplice("roof", "roof")).toEqual({ at: 4, length: 0, insert: "" });
	expect(smallestSplice("a roof", "a red roof")).toEqual({ at: 3, length: 0, insert: "ed r" });
	expect(smallestSplice("x😀y", "x😁y")).toEqual({ at: 1, length: 2, insert: "😁" });
	expect(smallestSplice("😀", "😀😀")).toEqual({ at: 2, length: 0, insert: "😀" });
	expect(smallestSplice("", "new")).toEqual({ at: 0, length: 0, insert: "new" });
});
