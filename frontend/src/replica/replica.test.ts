import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ParleyError } from "../bridge";
import type { Replica } from "./replica";
import { RichText } from "./richText";
import { type Desk, type Hall, openHall } from "./testing";

let hall: Hall;
let desk: Desk;
let replica: Replica;
let text: RichText;

beforeEach(async () => {
	vi.useFakeTimers();
	hall = openHall();
	desk = hall.desks[0] as Desk;
	replica = await desk.open();
	text = new RichText(() => replica.core);
});

afterEach(() => {
	vi.useRealTimers();
});

function write(letters: string): void {
	replica.edit(() => text.splice(text.length, 0, letters));
}

function read(from: Replica): string {
	const its = new RichText(() => from.core);
	return its
		.spans()
		.map((span) => (span.type === "text" ? span.text : "¶"))
		.join("");
}

test("letters of one frame travel as one change, the first of them at once", async () => {
	write("a");
	write("b");
	await vi.advanceTimersByTimeAsync(0);
	write("c");
	write("d");
	await vi.advanceTimersByTimeAsync(0);
	expect(desk.tried.map((batch) => batch.length)).toEqual([1]);
	await vi.advanceTimersByTimeAsync(16);
	expect(desk.tried.map((batch) => batch.length)).toEqual([1, 1]);
	expect(read(await desk.open())).toBe("¶abcd");
});

test("one batch is under way at a time; what waits goes together, in order", async () => {
	const answer = desk.hold();
	for (const letter of "abc") {
		write(letter);
		replica.flush();
	}
	await vi.advanceTimersByTimeAsync(0);
	expect(desk.tried.map((batch) => batch.length)).toEqual([1]);
	expect(replica.state.saving).toBe("saving");
	answer();
	await replica.saved();
	expect(desk.tried.map((batch) => batch.length)).toEqual([1, 2]);
	expect(replica.state.saving).toBe("saved");
	expect(read(await desk.open())).toBe("¶abc");
});

test("a refused commit is tried again with the same bytes, and what came later waits behind it", async () => {
	desk.refusal = new ParleyError("disk-full", "There is no room left on the disk.");
	write("a");
	await vi.advanceTimersByTimeAsync(0);
	write("b");
	replica.flush();
	expect(replica.state).toMatchObject({ saving: "failed", problem: { code: "disk-full" } });
	await vi.advanceTimersByTimeAsync(1000);
	expect(desk.tried.length).toBeGreaterThan(1);
	desk.refusal = null;
	await vi.advanceTimersByTimeAsync(20_000);
	await replica.saved();
	expect(new Set(desk.tried.slice(0, -1).map((batch) => batch.join())).size).toBe(1);
	expect(replica.state).toMatchObject({ saving: "saved", problem: null });
	expect(read(await desk.open())).toBe("¶ab");
});

test("reads that end the open change inside the core lose nothing", async () => {
	write("a");
	replica.core.materialize("/");
	write("b");
	replica.core.save();
	write("c");
	await replica.saved();
	expect(read(await desk.open())).toBe("¶abc");
});

test("what others write arrives as patches; one's own coming back is not told", async () => {
	const other = await hall.desk().open();
	const told: unknown[] = [];
	replica.onPatches((patches) => told.push(patches));
	write("mine ");
	await hall.exchange();
	expect(told).toEqual([]);
	const theirs = new RichText(() => other.core);
	other.edit(() => theirs.splice(1, 0, "theirs "));
	await hall.exchange();
	expect(told).toHaveLength(1);
	expect(read(replica)).toBe("¶theirs mine ");
	expect(read(other)).toBe("¶theirs mine ");
});

test("what is announced while an answer is under way is asked for next", async () => {
	const first = await foreignChange("one ");
	const second = await foreignChange("two ");
	desk.append([first]);
	desk.append([second]);
	await replica.pulled();
	expect(read(replica)).toContain("one ");
	expect(read(replica)).toContain("two ");
});

test("what arrives while the document is being opened is not missed", async () => {
	const change = await foreignChange("early ");
	const opening = desk.open();
	desk.append([change]);
	const opened = await opening;
	await opened.pulled();
	expect(read(opened)).toContain("early ");
});

test("after the connection was lost, the document is taken up again, under a new lease", async () => {
	desk.refusal = new ParleyError("disconnected", "The connection ended.");
	write("before ");
	await vi.advanceTimersByTimeAsync(0);
	hall.desk().append([await foreignChange("afar ")]);
	desk.append(hall.desks[1]?.stored ?? []);
	desk.refusal = null;
	desk.reconnect();
	await replica.pulled();
	write("after ");
	await vi.advanceTimersByTimeAsync(20_000);
	await replica.saved();
	const again = await desk.open();
	expect(read(again)).toBe(read(replica));
	for (const words of ["before ", "after ", "afar "]) expect(read(again)).toContain(words);
});

test("what waited is written again where it belongs, whatever happened meanwhile; nothing is there twice", async () => {
	write("roof bench");
	await replica.saved();
	desk.refusal = new ParleyError("disconnected", "The connection ended.");
	replica.edit(() => text.splice(6, 0, "and a "));
	replica.flush();
	const change = await foreignChange("The ");
	desk.append([change]);
	await replica.pulled();
	replica.edit(() => {
		text.splice(5, 4, "ROOF");
		text.mark(5, 9, "strong", true, true);
	});
	replica.flush();
	replica.edit(() => text.insertBlock(text.length, { type: "heading", parents: [], level: 2 }));
	expect(read(replica)).toBe("¶The ROOF and a bench¶");
	desk.refusal = null;
	desk.reconnect();
	await replica.pulled();
	await vi.advanceTimersByTimeAsync(20_000);
	await replica.saved();
	expect(read(replica)).toBe("¶The ROOF and a bench¶");
	expect(text.marksAt(6)).toEqual({ strong: true });
	expect(read(await desk.open())).toBe("¶The ROOF and a bench¶");
});

test("a commit whose answer was lost is not written again", async () => {
	write("once");
	desk.loses = true;
	await vi.advanceTimersByTimeAsync(0);
	expect(replica.state.saving).toBe("failed");
	desk.loses = false;
	desk.reconnect();
	await replica.pulled();
	await replica.saved();
	expect(replica.state).toMatchObject({ saving: "saved", problem: null });
	expect(read(await desk.open())).toBe("¶once");
});

/** A change of somebody who has what the first desk has. */
async function foreignChange(letters: string): Promise<Uint8Array> {
	const away = hall.desk();
	const other = await away.open();
	const theirs = new RichText(() => other.core);
	other.edit(() => theirs.splice(1, 0, letters));
	await other.saved();
	return away.stored.at(-1) as Uint8Array;
}

test("a core that traps is replaced; what was acknowledged and what waits are still there", async () => {
	const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
	let resets = 0;
	replica.onReset(() => resets++);
	expect(replica.arrived).toBe(true);
	write("kept ");
	await replica.saved();
	desk.refusal = new ParleyError("disconnected", "The connection ended.");
	write("waiting ");
	replica.flush();
	const done = replica.edit(() => {
		throw new WebAssembly.RuntimeError("unreachable");
	});
	expect(done).toBe(false);
	expect(replica.state.broken).toBe(true);
	expect(replica.writable).toBe(false);
	expect(replica.arrived).toBe(true); // screens are drawn meanwhile
	await vi.advanceTimersByTimeAsync(0);
	await replica.pulled();
	expect(replica.state.broken).toBe(false);
	expect(resets).toBe(1);
	expect(read(replica)).toBe("¶kept waiting ");
	desk.refusal = null;
	await vi.advanceTimersByTimeAsync(20_000);
	write("more");
	await replica.saved();
	expect(read(await desk.open())).toBe("¶kept waiting more");
	expect(errors).toHaveBeenCalledOnce();
});

test("closing waits until all is saved", async () => {
	const answer = desk.hold();
	write("last words");
	let closed = false;
	const closing = replica.close().then(() => {
		closed = true;
	});
	await vi.advanceTimersByTimeAsync(100);
	expect(closed).toBe(false);
	expect(replica.writable).toBe(false);
	answer();
	await closing;
	expect(read(await desk.open())).toBe("¶last words");
});

test("closing does not wait for ever, and loses nothing: who comes back finds what they wrote", async () => {
	desk.refusal = new ParleyError("disk-full", "There is no room left on the disk.");
	write("last words");
	await replica.close();
	await expect(desk.open()).resolves.toBe(replica);
	expect(replica.writable).toBe(true);
	expect(read(replica)).toBe("¶last words");
	expect(replica.state.saving).toBe("failed");
	desk.refusal = null;
	await vi.advanceTimersByTimeAsync(20_000);
	await replica.saved();
	await replica.close();
	const again = await desk.open();
	expect(again).not.toBe(replica);
	expect(read(again)).toBe("¶last words");
});

test("what was left unsaved is saved later, without anybody coming back", async () => {
	desk.refusal = new ParleyError("disconnected", "The connection ended.");
	write("last words");
	await replica.close();
	desk.refusal = null;
	desk.reconnect();
	await vi.advanceTimersByTimeAsync(20_000);
	const again = await desk.open();
	expect(again).not.toBe(replica);
	expect(read(again)).toBe("¶last words");
});

test("what is refused for a role is not tried again until something in the space has changed", async () => {
	desk.refusal = new ParleyError("not-allowed", "You may read this document, not write it.");
	write("too late");
	await vi.advanceTimersByTimeAsync(0);
	replica.flush();
	await vi.advanceTimersByTimeAsync(60_000);
	expect(desk.tried.length).toBe(1);
	desk.refusal = null;
	desk.emit("spaces", {});
	await replica.saved();
	expect(replica.state.saving).toBe("saved");
	expect(read(await desk.open())).toBe("¶too late");
});

test("whoever may write no more still sees what was not saved", async () => {
	desk.refusal = new ParleyError("not-allowed", "You may read this document, not write it.");
	write("too late");
	await vi.advanceTimersByTimeAsync(0);
	desk.writable = false;
	await replica.reload();
	expect(read(replica)).toBe("¶too late");
	expect(replica.state).toMatchObject({
		saving: "failed",
		writable: false,
		problem: { code: "not-allowed" },
	});
});

test("a cursor stays behind its character, wherever that goes and even when it goes", () => {
	write("roof bench");
	const cursor = text.cursor(5);
	expect(text.position(cursor)).toBe(5);
	replica.edit(() => text.splice(1, 0, "the "));
	expect(text.position(cursor)).toBe(9);
	replica.edit(() => text.splice(6, 3, ""));
	expect(text.position(cursor)).toBe(6);
	expect(text.position(text.cursor(0))).toBe(0);
	expect(text.position("17@0123456789abcdef")).toBe(null);
});
