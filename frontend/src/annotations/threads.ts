import { type Anchor, type Core, type Problem, RawString, type Replica } from "../replica";

/** What a thread is about; null: the whole document. */
export interface About extends Anchor {
	/** What was marked, as it read then. */
	readonly quote: string;
}

/** One thing that somebody said. */
export interface Comment {
	readonly id: string;
	/** Whose it is: the device's prefix, by the signed change that made it. */
	readonly by: string;
	/** As its author's device says; null where that is no time. */
	readonly at: Date | null;
	/** Null once it is deleted. */
	readonly text: string | null;
	/** Who wrote the text that is there now, where that is not its author: shown as theirs. */
	readonly rewrittenBy: string | null;
	readonly edited: boolean;
	/** Who reacted, by reaction. */
	readonly reactions: ReadonlyMap<Reaction, readonly string[]>;
}

export interface Thread {
	readonly id: string;
	readonly about: About | null;
	/** The first opened the thread; oldest first. */
	readonly comments: readonly Comment[];
	/** Who resolved it, and when they say; null while it is open. */
	readonly resolved: { readonly by: string; readonly at: Date | null } | null;
}

export const reactions = ["agree", "thanks", "heart", "celebrate", "question"] as const;
export type Reaction = (typeof reactions)[number];

/** How much of what others wrote is read; more is left where it is. */
export const limits = { threads: 2000, comments: 500, text: 10_000, quote: 300, cursor: 200, reactions: 500 };

const THREAD = "thread:";
const COMMENT = "comment:";
const NO_ANCHOR = "";

/**
 * The comments in the annotations part of a document (docs/formats.md, "Annotations"). Fits useSyncExternalStore:
 * subscribe and getSnapshot are bound. Who said what is taken from the changes themselves, which are signed, and
 * never from what they say; a device is known by the prefix of its actors.
 */
export class Threads {
	readonly #replica: Replica;
	readonly #listeners = new Set<() => void>();
	readonly #stops: (() => void)[];
	#threads: readonly Thread[] | null = null;

	/** Whether two prefixes are devices of one person; who edits on another device edits their own. */
	readonly #same: (a: string, b: string) => boolean;

	constructor(replica: Replica, same: (a: string, b: string) => boolean = (a, b) => a === b) {
		this.#replica = replica;
		this.#same = same;
		this.#stops = [replica.onPatches(() => this.#changed()), replica.onReset(() => this.#changed())];
	}

	/** The same list until something in it changes; oldest thread first. */
	readonly getSnapshot = (): readonly Thread[] => {
		this.#threads ??= readThreads(this.#replica.core, this.#same);
		return this.#threads;
	};

	readonly subscribe = (listener: () => void): (() => void) => {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	};

	get problem(): Problem | null {
		return this.#replica.state.problem;
	}

	/** Opens a thread; answers its ID, or null where nothing can be written now. */
	open(about: About | null, text: string): string | null {
		const said = bounded(text);
		if (said === null) return null;
		const [id, first, at] = [freshID(), freshID(), new Date()];
		const done = this.#edit((core) => {
			const thread = core.putObject("_root", THREAD + id, {});
			core.put(thread, "from", about?.from ?? NO_ANCHOR, "str");
			core.put(thread, "to", about?.to ?? NO_ANCHOR, "str");
			core.put(thread, "quote", cut(about?.quote ?? "", limits.quote), "str");
			say(core, thread, first, said, at);
		});
		return done ? id : null;
	}

	/** Answers in a thread; answers the comment's ID, or null where that cannot be done now. */
	reply(thread: string, text: string): string | null {
		const said = bounded(text);
		if (said === null) return null;
		const [id, at] = [freshID(), new Date()];
		return this.#within([THREAD + thread], (core, place) => say(core, place, id, said, at)) ? id : null;
	}

	/** Words a comment anew. Whoever may not is shown as its writer, so only its author does. */
	rewrite(thread: string, comment: string, text: string): boolean {
		const said = bounded(text);
		const at = new Date();
		return (
			said !== null &&
			this.#within([THREAD + thread, COMMENT + comment], (core, place) => {
				core.put(place, "text", said, "str");
				core.put(place, "edited", at, "timestamp");
			})
		);
	}

	/** Takes the words of a comment away. That there was one stays to be seen. */
	remove(thread: string, comment: string): boolean {
		return this.#within([THREAD + thread, COMMENT + comment], (core, place) => {
			if (core.getWithType(place, "text") !== null) core.delete(place, "text");
		});
	}

	/** Of who resolves a thread and who reopens it at once, the one who resolves is heeded, everywhere. */
	resolve(thread: string, resolved: boolean): boolean {
		const at = new Date();
		return this.#within([THREAD + thread], (core, place) => {
			if (core.keys(place).includes("resolved") === resolved) return;
			if (resolved) core.put(place, "resolved", at, "timestamp");
			else core.delete(place, "resolved");
		});
	}

	/** Adds or takes back a reaction of the device whose actors begin with `device`, which is this one. */
	react(thread: string, comment: string, reaction: Reaction, device: string, on: boolean): boolean {
		return this.#within([THREAD + thread, COMMENT + comment], (core, place) => {
			const key = `${reaction}/${device}`;
			if (core.keys(place).includes(key) === on) return;
			if (on) core.put(place, key, true, "boolean");
			else core.delete(place, key);
		});
	}

	close(): void {
		for (const stop of this.#stops) stop();
		this.#listeners.clear();
	}

	#within(path: readonly string[], write: (core: Core, place: string) => void): boolean {
		if (find(this.#replica.core, path) === null) return false;
		return this.#edit((core) => {
			const place = find(core, path);
			// What was there is gone from a document that was loaded anew.
			if (place !== null) write(core, place);
		});
	}

	#edit(write: (core: Core) => void): boolean {
		const done = this.#replica.edit(() => write(this.#replica.core));
		if (done) this.#changed();
		return done;
	}

	#changed(): void {
		this.#threads = null;
		for (const listener of this.#listeners) listener();
	}
}

/** The prefix that says to whose device an object or a value belongs, by its ID. */
export function deviceOf(id: string): string {
	return id.slice(id.indexOf("@") + 1).slice(0, 32);
}

function readThreads(core: Core, same: (a: string, b: string) => boolean): readonly Thread[] {
	return core
		.keys("_root")
		.filter((key) => key.startsWith(THREAD) && isID(key.slice(THREAD.length)))
		.slice(0, limits.threads)
		.flatMap((key) => {
			const place = find(core, [key]);
			return place === null ? [] : [{ place, id: key.slice(THREAD.length) }];
		})
		.sort((a, b) => inOrder(a.place, b.place))
		.flatMap(({ place, id }) => readThread(core, place, id, same) ?? []);
}

/**
 * Orders objects by when they were made, with whatever their makers knew before them: clocks are not asked, so an
 * answer never comes before what it answers.
 */
function inOrder(a: string, b: string): number {
	return Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1);
}

function readThread(
	core: Core,
	place: string,
	id: string,
	same: (a: string, b: string) => boolean,
): Thread | null {
	const keys = core.keys(place);
	const comments = keys
		.filter((key) => key.startsWith(COMMENT) && isID(key.slice(COMMENT.length)))
		.slice(0, limits.comments)
		.flatMap((key) => {
			const found = find(core, [key], place);
			return found === null ? [] : [{ found, id: key.slice(COMMENT.length) }];
		})
		.sort((a, b) => inOrder(a.found, b.found))
		.map(({ found, id: comment }) => readComment(core, found, comment, same));
	// Where a thread's first comment never came, there is nothing to show.
	if (comments.length === 0) return null;
	const resolved = last(core, place, "resolved");
	const from = string(core, place, "from", limits.cursor);
	const to = string(core, place, "to", limits.cursor);
	const quote = string(core, place, "quote", limits.quote);
	return {
		id,
		about: from === NO_ANCHOR || to === NO_ANCHOR ? null : { from, to, quote },
		comments,
		resolved: resolved === null ? null : { by: resolved.by, at: date(resolved.value) },
	};
}

function readComment(
	core: Core,
	place: string,
	id: string,
	same: (a: string, b: string) => boolean,
): Comment {
	const by = deviceOf(place);
	const said = allOf(core, place, "text");
	// What its author wrote comes before what anybody else put in its place at the same time.
	const text = said.filter((value) => same(value.by, by)).at(-1) ?? said.at(-1) ?? null;
	const words = text === null ? null : asText(text.value);
	return {
		id,
		by,
		at: date(last(core, place, "at")?.value),
		text: words === null ? null : cut(words, limits.text),
		rewrittenBy: text === null || same(text.by, by) ? null : text.by,
		edited: words !== null && allOf(core, place, "edited").some((value) => same(value.by, by)),
		reactions: readReactions(core, place),
	};
}

function readReactions(core: Core, place: string): ReadonlyMap<Reaction, readonly string[]> {
	const found = new Map<Reaction, string[]>();
	for (const key of core.keys(place).slice(0, limits.reactions)) {
		const [name, device] = key.split("/");
		const reaction = reactions.find((known) => known === name);
		if (reaction === undefined || device === undefined) continue;
		// Nobody reacts in the name of another.
		if (!allOf(core, place, key).some((value) => value.by === device && value.value === true)) continue;
		found.set(reaction, [...(found.get(reaction) ?? []), device]);
	}
	return found;
}

interface Written {
	readonly value: unknown;
	/** The prefix of the device that wrote it. */
	readonly by: string;
}

/** What stands under a key, the winner last: several where it was written at once. Maps and texts are none. */
function allOf(core: Core, place: string, key: string): readonly Written[] {
	return core
		.getAll(place, key)
		.flatMap(([, value, id]) => (id === undefined ? [] : [{ value, by: deviceOf(id) }]));
}

function last(core: Core, place: string, key: string): Written | null {
	return allOf(core, place, key).at(-1) ?? null;
}

function string(core: Core, place: string, key: string, most: number): string {
	return cut(asText(last(core, place, key)?.value) ?? "", most);
}

function asText(value: unknown): string | null {
	if (typeof value === "string") return value;
	return value instanceof RawString ? value.val : null;
}

/** A time that can be shown. */
function date(value: unknown): Date | null {
	const year = value instanceof Date ? value.getUTCFullYear() : Number.NaN;
	return value instanceof Date && year >= 1 && year <= 9999 ? value : null;
}

function find(core: Core, path: readonly string[], from = "_root"): string | null {
	let place = from;
	for (const key of path) {
		const entry = core.getWithType(place, key);
		if (entry?.[0] !== "map") return null;
		place = entry[1];
	}
	return place;
}

function say(core: Core, thread: string, id: string, text: string, at: Date): void {
	const comment = core.putObject(thread, COMMENT + id, {});
	core.put(comment, "at", at, "timestamp");
	core.put(comment, "text", text, "str");
}

/** Null where nothing is said. */
function bounded(text: string): string | null {
	const said = cut(text.trim().replace(/\p{Surrogate}/gu, "\ufffd"), limits.text);
	return said === "" ? null : said;
}

/** At most so many UTF-16 code units, never half a character. */
function cut(text: string, most: number): string {
	const short = text.slice(0, most);
	return /[\ud800-\udbff]$/.test(short) ? short.slice(0, -1) : short;
}

/** What nobody else will think of: nothing is ever created twice under the same name. */
function freshID(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
		byte.toString(16).padStart(2, "0"),
	).join("");
}

function isID(id: string): boolean {
	return /^[0-9a-f]{32}$/.test(id);
}
