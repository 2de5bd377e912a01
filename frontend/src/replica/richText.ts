import { type Core, type MarkSet, type Patch, RawString } from "./automerge";

export type { MarkSet, Patch } from "./automerge";

/** What a block marker says, as far as this program knows; other keys are left as they are. */
export interface Marker {
	readonly type: string;
	/** The containers around the block, outermost first. */
	readonly parents: readonly string[];
	/** A heading's level as stored, 0 where there is none. */
	readonly level: number;
	/** Set on a task that is done. */
	readonly done?: true;
}

/** What a task's marker has under "type". */
export const TASK = "task-list-item";

export type Span =
	| { readonly type: "block"; readonly marker: Marker }
	| { readonly type: "text"; readonly text: string; readonly marks: MarkSet | undefined };

/** A passage of a text as two cursors: of its first character and of its last one. */
export interface Anchor {
	readonly from: string;
	readonly to: string;
}

/** One patch of a text, in the order and positions in which the core tells them. */
export type Change =
	| {
			readonly kind: "insert";
			readonly at: number;
			readonly text: string;
			readonly marks: MarkSet | undefined;
	  }
	| { readonly kind: "block"; readonly at: number }
	| { readonly kind: "delete"; readonly at: number; readonly length: number }
	| {
			readonly kind: "mark";
			readonly from: number;
			readonly to: number;
			readonly name: string;
			readonly value: unknown;
	  }
	/** The marker at `at`, counted after all changes, has other content. */
	| { readonly kind: "update"; readonly at: number };

/** So many markers are looked at when others' changes arrive. */
const WATCHED = 16;

/** The cursor before everything, which is behind no character. */
const START = "";

/**
 * The rich text under one key of a document, as docs/formats.md describes it. Positions count UTF-16 code units
 * and markers. The operations join the change that is open; Replica decides when it ends.
 */
export class RichText {
	readonly #core: () => Core;
	readonly #key: string;
	#id: string | null = null;
	/** What the markers that were changed last said, by cursors on them. */
	readonly #contested = new Map<string, string>();

	/** `core` gives the present core of a replica, which is another one after a reload. */
	constructor(core: () => Core, key = "text") {
		this.#core = core;
		this.#key = key;
	}

	get length(): number {
		const id = this.#object();
		return id === null ? 0 : this.#core().length(id);
	}

	spans(): Span[] {
		const id = this.#object();
		if (id === null) return [];
		return this.#core()
			.spans(id)
			.map((span) =>
				span.type === "block"
					? { type: "block", marker: markerFrom(span.value) }
					: { type: "text", text: span.value, marks: span.marks },
			);
	}

	splice(at: number, length: number, text: string): void {
		this.#core().splice(this.#require(), at, length, text);
	}

	/** The marks of the character at `at`. */
	marksAt(at: number): MarkSet {
		return this.#core().marksAt(this.#require(), at);
	}

	mark(from: number, to: number, name: string, value: string | true, grows: boolean): void {
		this.#core().mark(
			this.#require(),
			{ start: from, end: to, expand: grows ? "after" : "none" },
			name,
			value,
		);
	}

	unmark(from: number, to: number, name: string, grows: boolean): void {
		this.#core().unmark(this.#require(), { start: from, end: to, expand: grows ? "after" : "none" }, name);
	}

	insertBlock(at: number, marker: Marker): void {
		this.#core().splitBlock(this.#require(), at, {
			type: new RawString(marker.type),
			parents: marker.parents.map((parent) => new RawString(parent)),
			attrs: {
				...(marker.level > 0 ? { level: marker.level } : {}),
				...(marker.done ? { done: true } : {}),
			},
			isEmbed: false,
		});
	}

	/** The marker at `at`, or null where there is a character. */
	blockAt(at: number): Marker | null {
		const block = this.#core().getBlock(this.#require(), at);
		return block === null || block === undefined ? null : markerFrom(block);
	}

	/**
	 * Changes the marker at `at` where it stands, key by key. The core's own updateBlock deletes it and inserts
	 * another: two people who did so at once would end up with two blocks.
	 */
	updateBlock(at: number, from: Marker, to: Marker): void {
		const core = this.#core();
		const entry = core.getWithType(this.#require(), at);
		if (entry === null || entry[0] !== "map") throw new RangeError(`no block marker at ${at}`);
		const id = entry[1];
		if (from.type !== to.type) core.put(id, "type", to.type, "str");
		if (from.parents.join() !== to.parents.join()) {
			const parents = core.putObject(id, "parents", []);
			for (const [i, parent] of to.parents.entries()) core.insert(parents, i, parent, "str");
		}
		if (from.level !== to.level || from.done !== to.done) {
			const attrs = core.getWithType(id, "attrs");
			const map = attrs?.[0] === "map" ? attrs[1] : core.putObject(id, "attrs", {});
			if (from.level !== to.level) {
				if (to.level > 0) core.put(map, "level", to.level, "int");
				else core.delete(map, "level");
			}
			if (from.done !== to.done) {
				if (to.type === TASK) core.put(map, "done", to.done === true, "boolean");
				else core.delete(map, "done");
			}
		}
		this.#contest(at);
	}

	/** A position that outlives edits: it stays behind the character or marker that it is behind now. */
	cursor(at: number): string {
		return at <= 0 ? START : this.#core().getCursor(this.#require(), at - 1, undefined, "before");
	}

	/** Where a cursor is now, or null for one that is not of this text. */
	position(cursor: string): number | null {
		if (cursor === START) return 0;
		try {
			return Math.min(this.#core().getCursorPosition(this.#require(), cursor) + 1, this.length);
		} catch {
			return null; // Another device's cursor may be ahead of what has arrived here.
		}
	}

	/** Ties a passage, which is not empty, to its characters: it outlives edits in it and around it. */
	anchor(from: number, to: number): Anchor {
		const [core, id] = [this.#core(), this.#require()];
		return {
			from: core.getCursor(id, from, undefined, "after"),
			to: core.getCursor(id, to - 1, undefined, "before"),
		};
	}

	/**
	 * Where a passage is now: "gone" once all its characters are, null for an anchor that is not of this text, or
	 * ahead of what has arrived here.
	 */
	passage({ from, to }: Anchor): { from: number; to: number } | "gone" | null {
		const [core, id] = [this.#core(), this.#require()];
		try {
			const [start, end] = [core.getCursorPosition(id, from), core.getCursorPosition(id, to) + 1];
			for (let at = start; at < end; at++) if (!this.blockAt(at)) return { from: start, to: end };
			return "gone"; // Of several paragraphs, their markers alone may be left.
		} catch {
			return null;
		}
	}

	/** Those of a core's patches that are about this text. */
	changes(patches: readonly Patch[]): Change[] {
		const changes: Change[] = [];
		const updated = new Set<number>();
		for (const patch of patches) {
			const [key, at, ...inside] = patch.path;
			if (key !== this.#key) continue;
			if (patch.path.length === 1) {
				if (patch.action === "mark") {
					for (const mark of patch.marks) {
						changes.push({
							kind: "mark",
							from: mark.start,
							to: mark.end,
							name: mark.name,
							value: mark.value,
						});
					}
				} else if (patch.action === "put") this.#id = null;
			} else if (typeof at === "number" && inside.length > 0) updated.add(at);
			else if (typeof at === "number") {
				if (patch.action === "splice")
					changes.push({ kind: "insert", at, text: patch.value, marks: patch.marks });
				else if (patch.action === "del") changes.push({ kind: "delete", at, length: patch.length ?? 1 });
				else if (patch.action === "insert") {
					for (const i of patch.values.keys()) changes.push({ kind: "block", at: at + i });
				}
			}
		}
		for (const at of this.#outvoted(updated)) updated.add(at);
		for (const at of updated) changes.push({ kind: "update", at });
		return changes;
	}

	/**
	 * Where two have put a key of a marker at once, the core does not always tell that the other's value holds
	 * now. So the markers that were changed last are looked at: answers which of them have come to say something
	 * else, and remembers those in `updated` among them.
	 */
	#outvoted(updated: ReadonlySet<number>): number[] {
		const found: number[] = [];
		for (const [cursor, known] of this.#contested) {
			const at = this.#core().getCursorPosition(this.#require(), cursor);
			const now = at < this.length ? this.blockAt(at) : null;
			if (now === null) this.#contested.delete(cursor);
			else if (JSON.stringify(now) !== known) {
				this.#contested.set(cursor, JSON.stringify(now));
				if (!updated.has(at)) found.push(at);
			}
		}
		for (const at of updated) this.#contest(at);
		return found;
	}

	#contest(at: number): void {
		const marker = this.blockAt(at);
		if (marker === null) return;
		const cursor = this.#core().getCursor(this.#require(), at, undefined, "before");
		this.#contested.delete(cursor);
		this.#contested.set(cursor, JSON.stringify(marker));
		const [oldest] = this.#contested.keys();
		if (this.#contested.size > WATCHED && oldest !== undefined) this.#contested.delete(oldest);
	}

	/** Forgets what was remembered about the core, which is another one now. */
	reset(): void {
		this.#contested.clear();
		this.#id = null;
	}

	#object(): string | null {
		if (this.#id === null) {
			const entry = this.#core().getWithType("_root", this.#key);
			this.#id = entry?.[0] === "text" ? entry[1] : null;
		}
		return this.#id;
	}

	#require(): string {
		const id = this.#object();
		if (id === null) throw new RangeError(`the document has no text under "${this.#key}"`);
		return id;
	}
}

function markerFrom(block: Record<string, unknown>): Marker {
	const type = text(block.type) ?? "paragraph";
	const parents = Array.isArray(block.parents)
		? block.parents.map(text).filter((parent) => parent !== null)
		: [];
	const marker: Marker = { type, parents, level: type === "heading" ? level(block.attrs) : 0 };
	return type === TASK && isDone(block.attrs) ? { ...marker, done: true } : marker;
}

function isDone(attrs: unknown): boolean {
	return typeof attrs === "object" && attrs !== null && "done" in attrs && attrs.done === true;
}

function level(attrs: unknown): number {
	if (typeof attrs !== "object" || attrs === null || !("level" in attrs)) return 0;
	return Number.isInteger(attrs.level) ? Number(attrs.level) : 0;
}

/** A string value, which the core gives as a scalar or as a text. */
function text(value: unknown): string | null {
	if (typeof value === "string") return value;
	return value instanceof RawString ? value.val : null;
}
