import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ParleyError } from "../bridge";
import type { Replica } from "./replica";
import { RichText } from "./richText";
import { type Desk, type Hall, openHall } from "./testing";

let hall: Hall;
let desk: Desk;
let replica: Replica;

beforeEach(async () => {
	vi.useFakeTimers();
	hall = openHall();
	desk = hall.desks[0] as Desk;
	desk.meets(false);
	replica = await desk.open();
});

afterEach(() => {
	vi.useRealTimers();
});

function write(letters: string, to = replica): void {
	const text = new RichText(() => to.core);
	to.edit(() => text.splice(text.length, 0, letters));
}

function read(from: Replica): string {
	const text = new RichText(() => from.core);
	return text
		.spans()
		.map((span) => (span.type === "text" ? span.text : "¶"))
		.join("");
}

const batches = () => desk.tried.map((batch) => batch.length);

test("alone, what is typed within a quarter of a second is one change, and waits no longer than that", async () => {
	for (const letter of "abcde") {
		write(letter);
		await vi.advanceTimersByTimeAsync(49);
	}
	expect(batches()).toEqual([]);
	expect(replica.state.saving).toBe("saving");
	await vi.advanceTimersByTimeAsync(5);
	expect(batches()).toEqual([1]);
	expect(replica.state.saving).toBe("saved");
	write("f");
	await vi.advanceTimersByTimeAsync(249);
	expect(batches()).toEqual([1]);
	await vi.advanceTimersByTimeAsync(1);
	expect(batches()).toEqual([1, 1]);
	expect(read(await desk.open())).toBe("¶abcdef");
});

test("who comes sees at once what was typed before, and from then on each frame", async () => {
	write("before ");
	desk.meets(true);
	await vi.advanceTimersByTimeAsync(0);
	expect(batches()).toEqual([1]);
	await vi.advanceTimersByTimeAsync(20);
	write("a");
	await vi.advanceTimersByTimeAsync(0);
	expect(batches()).toEqual([1, 1]);
	desk.meets(false);
	await vi.advanceTimersByTimeAsync(0);
	write("alone again");
	await vi.advanceTimersByTimeAsync(100);
	expect(batches()).toEqual([1, 1]);
	await vi.advanceTimersByTimeAsync(150);
	expect(batches()).toEqual([1, 1, 1]);
});

test("who comes while the document is being opened is not overlooked", async () => {
	const opening = desk.open();
	desk.meets(true);
	const other = await opening;
	await vi.advanceTimersByTimeAsync(0);
	write("seen", other);
	await vi.advanceTimersByTimeAsync(0);
	expect(batches()).toEqual([1]);
});

test.each([
	["the page is left", () => desk.pause()],
	["the document is closed", () => void replica.close()],
	["somebody asks for it", () => replica.flush()],
	["it must be saved", () => void replica.saved()],
])("what was typed is handed in at once when %s", async (_, happens) => {
	write("last words");
	happens();
	// Nothing but what runs at once: a page that is closed gets no more.
	expect(batches()).toEqual([1]);
	await vi.advanceTimersByTimeAsync(0);
	expect(read(await desk.open())).toBe("¶last words");
});

test("a change that arrives ends what is being typed", async () => {
	const away = hall.desk();
	const other = await away.open();
	write("afar ", other);
	await other.saved();
	write("here ");
	desk.append(away.stored);
	await replica.pulled();
	expect(batches()).toEqual([1]);
	expect(read(replica)).toContain("here ");
	expect(read(replica)).toContain("afar ");
});

test("after the connection was lost, it is known anew who is there", async () => {
	write("before ");
	desk.refusal = new ParleyError("disconnected", "The connection ended.");
	await vi.advanceTimersByTimeAsync(300);
	desk.refusal = null;
	desk.meets(true);
	desk.reconnect();
	await replica.pulled();
	await vi.advanceTimersByTimeAsync(20_000);
	await replica.saved();
	const tried = desk.tried.length;
	write("after");
	await vi.advanceTimersByTimeAsync(0);
	expect(desk.tried.length).toBe(tried + 1);
	expect(read(await desk.open())).toBe("¶before after");
});
