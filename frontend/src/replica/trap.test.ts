import { encodeChange } from "@automerge/automerge/slim/next";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ParleyError } from "../bridge";
import { changeActor } from "./automerge";
import type { Replica } from "./replica";
import { RichText } from "./richText";
import { type Desk, type Hall, openHall } from "./testing";

const ACTOR = "ee".repeat(20);

let hall: Hall;
let desk: Desk;
let replica: Replica;

beforeEach(async () => {
	vi.spyOn(console, "error").mockImplementation(() => undefined);
	vi.spyOn(console, "log").mockImplementation(() => undefined);
	hall = openHall();
	desk = hall.desks[0] as Desk;
	replica = await desk.open();
});

afterEach(() => {
	vi.restoreAllMocks();
});

function write(letters: string, to = replica): boolean {
	const text = new RichText(() => to.core);
	return to.edit(() => text.splice(text.length, 0, letters));
}

function read(from: Replica): string {
	const text = new RichText(() => from.core);
	return text
		.spans()
		.map((span) => (span.type === "text" ? span.text : "¶"))
		.join("");
}

/**
 * Real bytes at which Automerge 2.2.9 traps: when they are applied, when the text is read, when the next letter is
 * typed. The last of them passes all of Parley's own vetting.
 */
const evil = {
	"when it is applied": (text: string, startOp: number) => ({
		startOp,
		op: { action: "set" as const, obj: text, key: "x", value: "v", pred: [] },
	}),
	"when it is read": (_: string, startOp: number) => ({
		startOp,
		op: { action: "set" as const, obj: "_root", elemId: "_head", insert: true, value: "v", pred: [] },
	}),
	"when somebody types": () => ({
		startOp: 2 ** 32 - 1,
		op: { action: "set" as const, obj: "_root", key: "c", value: "v", pred: [] },
	}),
};

function change(make: (text: string, startOp: number) => { startOp: number; op: object }): Uint8Array {
	const entry = replica.core.getWithType("_root", "text");
	const { startOp, op } = make(entry?.[0] === "text" ? entry[1] : "", 500);
	const deps = replica.core.getHeads();
	return encodeChange({
		actor: ACTOR,
		seq: 1,
		startOp,
		time: 0,
		deps,
		message: null,
		ops: [op],
	} as unknown as Parameters<typeof encodeChange>[0]);
}

/** Waits until the page has put itself right. */
async function settled(of: Replica): Promise<void> {
	await vi.waitFor(() => expect(of.state.broken).toBe(false), 5000);
	await of.pulled();
}

test.each(Object.entries(evil))("a change that traps %s is set aside; all else stays", async (_, make) => {
	const other = await Hallway.document();
	write("saved ");
	await replica.saved();
	expect(replica.arrived).toBe(true);
	// Screens are drawn at any moment, also while what Automerge held is void.
	const mine = replica; // The next story has another, and a trap breaks them all.
	mine.subscribe(() => expect(mine.arrived).toBe(true));
	const bad = change(make);
	desk.refusal = new ParleyError("unwritable", "The disk is full.");
	write("waiting ");
	replica.flush();
	write("typed ");
	desk.append([bad]);
	await replica.pulled();
	// The one that can be applied and read does its harm when somebody types.
	if (!write("late ")) await settled(replica);
	await vi.waitFor(() => expect(desk.aside).toEqual([bad]), 5000);
	await settled(replica);
	expect(read(replica)).toMatch(/^¶saved waiting typed (late )?$/);
	desk.refusal = null;
	expect(write("more")).toBe(true);
	await vi.waitFor(() => replica.saved(), 20_000);
	expect(read(await desk.open())).toBe(read(replica));

	// Nothing else of this page was lost with the instance that trapped.
	await settled(other.replica);
	expect(read(other.replica)).toBe("¶elsewhere, not saved");
	expect(write(" yet", other.replica)).toBe(true);
	other.desk.refusal = null;
	await vi.waitFor(() => other.replica.saved(), 20_000);
	expect(read(await other.desk.open())).toBe("¶elsewhere, not saved yet");
});

test("a document that arrives with such a change is opened without it", async () => {
	write("before ");
	await replica.saved();
	const bad = change(evil["when it is applied"]);
	const good = hall.desk();
	good.append(desk.stored);
	const writer = await good.open();
	write("after", writer);
	await writer.saved();
	const fresh = hall.desk();
	fresh.append([bad]);
	fresh.append(good.stored);
	const opened = await fresh.open();
	expect(fresh.aside).toEqual([bad]);
	expect(read(opened)).toBe("¶before after");
	expect(changeActor(fresh.stored.at(-1) as Uint8Array)).not.toBe(ACTOR);
});

/** Another document that the same page has open. */
const Hallway = {
	async document(): Promise<{ desk: Desk; replica: Replica }> {
		const desk = openHall().desks[0] as Desk;
		const replica = await desk.open();
		desk.refusal = new ParleyError("unwritable", "The disk is full.");
		write("elsewhere, not saved", replica);
		return { desk, replica };
	},
};
