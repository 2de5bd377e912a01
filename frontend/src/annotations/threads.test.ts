import { beforeEach, describe, expect, test } from "vitest";
import { type Replica, RichText } from "../replica";
import { type Desk, Hall, openHall } from "../replica/testing";
import { limits, type Thread, Threads } from "./threads";

/** Somebody with both parts of a document open. */
interface Member {
	/** What the device's actors begin with. */
	readonly device: string;
	readonly desk: Desk;
	readonly body: Replica;
	readonly text: RichText;
	readonly notes: Replica;
	readonly threads: Threads;
}

let bodies: Hall;
let margins: Hall;
let members: Member[];

async function arrive(count: number): Promise<Member> {
	const body = await ((count === 1 && bodies.desks[0]) || bodies.desk()).open();
	const desk = margins.desk();
	const notes = await desk.open();
	return {
		device: String(count).padStart(32, "0"),
		desk,
		body,
		text: new RichText(() => body.core),
		notes,
		threads: new Threads(notes),
	};
}

async function meet(): Promise<void> {
	await bodies.exchange();
	await margins.exchange();
}

beforeEach(async () => {
	bodies = openHall();
	margins = new Hall();
	const anna = await arrive(1);
	anna.body.edit(() => anna.text.splice(1, 0, "A better bus stop with a roof and a bench"));
	await anna.body.saved();
	members = [anna, await arrive(2), await arrive(3)];
});

function three(): [Member, Member, Member] {
	return members as [Member, Member, Member];
}

/** Marks the first place where the words stand. */
function mark({ text }: Member, words: string): { from: string; to: string; quote: string } {
	const at = read(text).indexOf(words);
	return { ...text.anchor(at, at + words.length), quote: words };
}

/** The text as it stands in the sequence, so that places in it are places there. */
function read(text: RichText): string {
	return text
		.spans()
		.map((span) => (span.type === "text" ? span.text : "\n"))
		.join("");
}

/** What a thread's passage reads now. */
function passage({ text }: Member, thread: Thread | undefined): string | null {
	if (thread?.about === null || thread === undefined) return null;
	const at = text.passage(thread.about);
	return at === null || at === "gone" ? at : read(text).slice(at.from, at.to);
}

const said = (thread: Thread | undefined) => thread?.comments.map(({ text }) => text);

test("who resolves a thread while others answer in it takes nothing from them", async () => {
	const [anna, ben, cora] = three();
	const id = anna.threads.open(mark(anna, "bus stop"), "Which one?") ?? "";
	await meet();
	const first = ben.threads.getSnapshot()[0]?.comments[0]?.id ?? "";
	anna.threads.resolve(id, true);
	ben.threads.reply(id, "The one at the school.");
	cora.threads.reply(id, "Both.");
	cora.threads.react(id, first, "agree", cora.device, true);
	ben.threads.react(id, first, "agree", ben.device, true);
	await meet();
	for (const member of members) {
		const [thread, ...others] = member.threads.getSnapshot();
		expect(others).toEqual([]);
		expect(thread?.resolved?.by).toBe(anna.device);
		expect(thread?.comments.map(({ by }) => by).sort()).toEqual(members.map(({ device }) => device));
		expect(said(thread)?.toSorted()).toEqual(["Both.", "The one at the school.", "Which one?"]);
		expect([...(thread?.comments[0]?.reactions.get("agree") ?? [])].sort()).toEqual([
			ben.device,
			cora.device,
		]);
	}
	ben.threads.resolve(id, false);
	await meet();
	expect(cora.threads.getSnapshot()[0]?.resolved).toBeNull();
});

describe("an anchor", () => {
	test("stays at its words while the text around and inside them changes", async () => {
		const [anna, ben] = three();
		anna.threads.open(mark(anna, "a roof"), "Of what?");
		await meet();
		const at = read(ben.text).indexOf("roof");
		ben.body.edit(() => ben.text.splice(at, 0, "green "));
		ben.body.edit(() => ben.text.splice(1, 0, "We want: "));
		anna.body.edit(() => anna.text.splice(read(anna.text).indexOf(" and a bench"), 0, " of wood"));
		await meet();
		for (const member of members) {
			expect(passage(member, member.threads.getSnapshot()[0])).toBe("a green roof");
		}
	});

	test("shrinks with what is left of its words, and says so when they are gone", async () => {
		const [anna, ben] = three();
		anna.threads.open(mark(anna, "roof and a bench"), "Costs?");
		await meet();
		const thread = () => ben.threads.getSnapshot()[0];
		ben.body.edit(() => ben.text.splice(read(ben.text).indexOf("roof"), 5, ""));
		expect(passage(ben, thread())).toBe("and a bench");
		ben.body.edit(() => ben.text.splice(read(ben.text).indexOf("bench"), 5, ""));
		expect(passage(ben, thread())).toBe("and a ");
		ben.body.edit(() => ben.text.splice(read(ben.text).indexOf("and a "), 6, ""));
		await meet();
		for (const member of members) {
			expect(passage(member, thread())).toBe("gone");
			expect(member.threads.getSnapshot()[0]?.about?.quote).toBe("roof and a bench");
		}
	});

	test("of which only the markers of paragraphs are left is gone", () => {
		const [anna] = three();
		const end = anna.text.length;
		anna.body.edit(() => anna.text.splice(end, 0, "onetwo"));
		anna.body.edit(() => anna.text.insertBlock(end + 3, { type: "paragraph", parents: [], level: 0 }));
		const anchor = anna.text.anchor(end, end + 7);
		anna.body.edit(() => anna.text.splice(end + 4, 3, ""));
		anna.body.edit(() => anna.text.splice(end, 3, ""));
		expect(anna.text.passage(anchor)).toBe("gone");
	});

	test("that is of no text here is not taken for one of gone words", () => {
		const [anna] = three();
		expect(anna.text.passage({ from: "nonsense", to: "1@00" })).toBeNull();
	});
});

describe("who said what", () => {
	test("is who signed it: words put under somebody's name are shown as their writer's", async () => {
		const [anna, ben] = three();
		const id = anna.threads.open(null, "I agree to nothing.") ?? "";
		await meet();
		const first = ben.threads.getSnapshot()[0]?.comments[0]?.id ?? "";
		ben.threads.rewrite(id, first, "I agree to everything.");
		ben.threads.react(id, first, "heart", anna.device, true);
		await meet();
		for (const { threads } of members) {
			const comment = threads.getSnapshot()[0]?.comments[0];
			expect(comment).toMatchObject({ by: anna.device, rewrittenBy: ben.device, edited: false });
			expect(comment?.reactions.size).toBe(0);
		}
		anna.threads.rewrite(id, first, "I agree to nothing at all.");
		await meet();
		const comment = ben.threads.getSnapshot()[0]?.comments[0];
		expect(comment).toMatchObject({ text: "I agree to nothing at all.", rewrittenBy: null, edited: true });
	});

	test("of what its author and somebody else put there at once, the author's words stand", async () => {
		const [anna, ben, cora] = three();
		const id = anna.threads.open(null, "First.") ?? "";
		await meet();
		const first = anna.threads.getSnapshot()[0]?.comments[0]?.id ?? "";
		anna.threads.rewrite(id, first, "Mine.");
		ben.threads.rewrite(id, first, "Ben's.");
		cora.threads.rewrite(id, first, "Cora's.");
		await meet();
		for (const { threads } of members) {
			expect(threads.getSnapshot()[0]?.comments[0]).toMatchObject({ text: "Mine.", rewrittenBy: null });
		}
	});
});

test("what was deleted is still seen to have been there", async () => {
	const [anna, ben] = three();
	const id = anna.threads.open(null, "Never mind.") ?? "";
	await meet();
	ben.threads.reply(id, "What did you say?");
	anna.threads.remove(id, anna.threads.getSnapshot()[0]?.comments[0]?.id ?? "");
	await meet();
	for (const { threads } of members)
		expect(said(threads.getSnapshot()[0])).toEqual([null, "What did you say?"]);
});

test("what is no thread, and what is too much, is passed over and left where it is", async () => {
	const [anna, ben] = three();
	expect(anna.threads.open(null, " \n ")).toBeNull();
	expect(anna.threads.reply("ab".repeat(16), "To nobody")).toBeNull();
	const long = "x".repeat(limits.text - 1);
	anna.threads.open({ ...mark(anna, "roof"), quote: "q".repeat(limits.quote + 9) }, `${long}😀`);
	anna.notes.edit(() => {
		const { core } = anna.notes;
		core.put("_root", `thread:${"1".repeat(32)}`, "no map", "str");
		core.putObject("_root", `thread:${"2".repeat(32)}`, {});
		core.putObject("_root", "thread:short", {});
		const thread = core.putObject("_root", `thread:${"3".repeat(32)}`, { from: 7, resolved: "soon" });
		core.putObject(thread, `comment:${"4".repeat(32)}`, { text: 5, at: "now", "agree/x/y": true });
	});
	await meet();
	const threads = ben.threads.getSnapshot();
	expect(threads).toHaveLength(2);
	expect(threads.find(({ about }) => about !== null)).toMatchObject({
		about: { quote: "q".repeat(limits.quote) },
		comments: [{ text: long }],
	});
	expect(threads.find(({ about }) => about === null)?.comments).toMatchObject([{ text: null, at: null }]);
	expect(ben.notes.core.keys("_root")).toHaveLength(5);
});

test("who may not annotate writes nothing", async () => {
	const desk = margins.desk();
	desk.writable = false;
	const threads = new Threads(await desk.open());
	expect(threads.open(null, "May I?")).toBeNull();
	expect(threads.getSnapshot()).toEqual([]);
});

describe("three people who do anything at once come to the same", () => {
	test.each([1, 2, 3, 4, 5, 6, 7, 8])("seed %i", async (seed) => {
		const next = numbers(seed);
		const pick = <T>(list: readonly T[]) => list[next() % list.length] as T;
		const written: string[] = [];
		for (let round = 0; round < 6; round++) {
			for (let step = 0; step < 12; step++) act(pick(members), pick, next, written);
			await meet();
			const [first, ...others] = members.map(picture);
			for (const other of others) expect(other).toEqual(first);
		}
		// Nobody rewrites and deletes nothing but their own: what is left is all that was said, less what was deleted.
		const seen = members[0]?.threads.getSnapshot().flatMap(({ comments }) => comments) ?? [];
		expect(seen).toHaveLength(written.length);
		expect(seen.every(({ rewrittenBy }) => rewrittenBy === null)).toBe(true);
		for (const { text } of seen) if (text !== null) expect(written).toContain(text);
	});
});

function act(
	member: Member,
	pick: <T>(list: readonly T[]) => T,
	next: () => number,
	written: string[],
): void {
	const { threads, text, body, device } = member;
	const all = threads.getSnapshot();
	const words = `word ${written.length} by ${device}`;
	const [at, length] = [1 + (next() % Math.max(1, text.length - 6)), 1 + (next() % 5)];
	if (next() % 3 === 0) {
		const gone = next() % 2 === 0 && text.length > 12;
		body.edit(() => text.splice(at, gone ? length : 0, gone ? "" : "new "));
		return;
	}
	if (all.length === 0 || next() % 4 === 0) {
		const about =
			next() % 3 === 0 ? null : { ...text.anchor(at, Math.min(at + length, text.length)), quote: "" };
		if (threads.open(about, words) !== null) written.push(words);
		return;
	}
	const thread = pick(all);
	const own = thread.comments.filter(({ by, text: said }) => by === device && said !== null);
	const doing = next() % 5;
	if (doing === 0) threads.resolve(thread.id, next() % 2 === 0);
	else if (doing === 1 && own.length > 0) threads.remove(thread.id, pick(own).id);
	else if (doing === 2)
		threads.react(thread.id, pick(thread.comments).id, "thanks", device, next() % 2 === 0);
	else if (threads.reply(thread.id, words) !== null) written.push(words);
}

/** What a member sees, with places in the text. */
function picture({ threads, text }: Member): unknown {
	return threads.getSnapshot().map((thread) => ({
		...thread,
		place: thread.about && text.passage(thread.about),
		comments: thread.comments.map((comment) => ({ ...comment, reactions: [...comment.reactions] })),
	}));
}

function numbers(seed: number): () => number {
	let state = seed * 2654435761;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state >>> 8;
	};
}
