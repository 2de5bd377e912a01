import { decodeChange, encodeChange, getAllChanges, load } from "@automerge/automerge/next";
import { describe, expect } from "vitest";
import { Disk } from "./stage/disk";
import { fill, words } from "./stage/words";
import { type Seat, test, type Workshop } from "./stage/workshop";

const SPACE = "Mill Lane neighbours";
const TITLE = "A better bus stop";
const SENTENCE = "The shelter leaks, the bench is wet, and the timetable has been torn off again.";

async function writing(workshop: Workshop, folder?: string): Promise<Seat> {
	const anna = await workshop.seat("Anna", undefined, folder);
	await anna.window.startsSpace(SPACE);
	await anna.window.startsDocument(TITLE);
	await anna.window.clicksIntoText();
	return anna;
}

/** The same device in another window, in the same document. */
async function secondWindow(workshop: Workshop, { peer, window }: Seat) {
	const second = await workshop.window(window.person, peer);
	await second.opensSpace(SPACE);
	await second.opensDocument(TITLE);
	return second;
}

/** Types at the pace of somebody who types well. */
async function types({ window }: Seat, text: string): Promise<void> {
	await window.screen.page.keyboard.type(text, { delay: 60 });
	await window.seesItSaved();
}

describe("what is typed alone", () => {
	test("becomes few changes; with somebody else there, a change for each letter", async ({ workshop }) => {
		const anna = await writing(workshop);
		const changes = async () => getAllChanges(load(new Uint8Array(await anna.peer.saved())));
		const before = (await changes()).length;
		await types(anna, SENTENCE);
		const alone = await changes();
		const second = await secondWindow(workshop, anna);
		await second.reads(SENTENCE);
		await anna.window.clicksIntoText();
		await anna.window.screen.key("Control+End");
		await types(anna, SENTENCE);
		await second.reads(SENTENCE + SENTENCE);
		const together = await changes();

		const [few, many] = [alone.slice(before), together.slice(alone.length)];
		const bytes = (some: readonly Uint8Array[]) => some.reduce((sum, { length }) => sum + length, 0);
		expect(few.length).toBeLessThan(SENTENCE.length / 2);
		expect(many.length).toBeGreaterThan(SENTENCE.length * 0.9);
		expect(bytes(few)).toBeLessThan(bytes(many) / 2);
	});

	test("is all there when the page is closed right after the last letter", async ({ workshop }) => {
		const anna = await writing(workshop);
		await anna.window.writes(SENTENCE);
		await anna.window.screen.leaves();
		const again = await secondWindow(workshop, anna);
		await again.reads(SENTENCE);
	});

	test("is seen at once by another window of the same device, with its caret", async ({ workshop }) => {
		const anna = await writing(workshop);
		await anna.window.writes("First.");
		const second = await secondWindow(workshop, anna);
		await second.reads("First.");
		await second.writesAtTheEnd(" Second.");
		await anna.window.reads("First. Second.");
		await anna.window.screen.seesCaretOf("Anna");
		await anna.window.writesAtTheStart("Zero. ");
		await second.reads("Zero. First. Second.");
		await second.screen.seesCaretOf("Anna");
	});
});

describe("what cannot be shown or saved", () => {
	test("a change at which Automerge traps is set aside, and people are told", async ({ workshop }) => {
		const peer = await workshop.device("Anna");
		const anna = { peer, window: await workshop.window("Anna", peer, { tamper: new Poisoner("¤") }) };
		await anna.window.introduces();
		await anna.window.startsSpace(SPACE);
		await anna.window.startsDocument(TITLE);
		await anna.window.clicksIntoText();
		await anna.window.writes("Before.");
		await anna.window.seesItSaved();
		await anna.window.writes(" Typed meanwhile.");
		await anna.peer.writes("¤");

		const told = words.notice.setAside;
		await anna.window.seesText(told.slice(told.indexOf("could not")));
		expect(anna.window.screen.complaints.some((complaint) => complaint.includes("has trapped"))).toBe(true);
		await anna.window.reads("Before. Typed meanwhile.");
		await anna.window.writesAtTheEnd(" After.");
		await anna.window.reads("Before. Typed meanwhile. After.");
		await anna.window.seesItSaved();
		expect(await anna.peer.onlyDocument("text")).toBe("Before. Typed meanwhile. After.\n");
		const [notice] = (await anna.peer.command<{ kind: string; code: string }>("status")).filter(
			({ kind }) => kind === "notice",
		);
		expect(notice?.code).toBe("set-aside");

		// Read, by keyboard, in one window, it is gone from all.
		const second = await secondWindow(workshop, anna);
		await second.sees("button", words.notice.dismiss);
		await anna.window.screen.page.getByRole("button", { name: words.notice.dismiss }).focus();
		await anna.window.screen.key("Enter");
		for (const window of [anna.window, second]) await window.seesNoMore("button", words.notice.dismiss);
	});

	test("a full disk is told plainly; what was typed stays, and is saved once there is room", async ({
		workshop,
	}) => {
		const disk = await Disk.mount(512);
		workshop.afterwards(() => disk.close());
		const anna = await writing(workshop, disk.path);
		await anna.window.writes("Before.");
		await anna.window.seesItSaved();
		await disk.fill();
		await anna.window.writes(" Typed onto a full disk.");
		await anna.window.seesText(fill(words.status.failed, { reason: words.error.unwritable }));
		await anna.window.writes(" And on.");
		await anna.window.reads("Before. Typed onto a full disk. And on.");
		await disk.clear();
		await anna.window.seesItSaved();
		expect(await anna.peer.onlyDocument("text")).toBe("Before. Typed onto a full disk. And on.\n");
	});
});

/**
 * Stands for a change that the device can read and the page's Automerge cannot: what Parley vets, no bytes are known
 * to do that with. On its way to the page, a change that writes `mark` becomes one with real bytes at which
 * Automerge 2.2.9 traps (a key in a text); what the page says of them, the node hears of the change.
 */
class Poisoner {
	readonly #mark: string;
	readonly #poisoned = new Map<string, string>();

	constructor(mark: string) {
		this.#mark = mark;
	}

	toPage(message: string): string {
		const parsed = JSON.parse(message);
		const chunks: unknown = parsed.result?.chunks;
		if (Array.isArray(chunks)) parsed.result.chunks = chunks.map((chunk) => this.#poison(chunk));
		return JSON.stringify(parsed);
	}

	toNode(message: string): string {
		let text = message;
		for (const [poison, chunk] of this.#poisoned) text = text.replaceAll(poison, chunk);
		return text;
	}

	#poison(chunk: string): string {
		const bytes = Buffer.from(chunk, "base64");
		if (bytes[8] === 0) return chunk; // a document
		const change = decodeChange(new Uint8Array(bytes));
		const [op] = change.ops.filter(({ value }) => value === this.#mark);
		if (op === undefined) return chunk;
		const evil = { ...op, insert: false, elemId: undefined, key: "x", pred: [] };
		const poison = encodeChange({ ...change, ops: [JSON.parse(JSON.stringify(evil))] });
		const encoded = Buffer.from(poison).toString("base64");
		this.#poisoned.set(encoded, chunk);
		return encoded;
	}
}
