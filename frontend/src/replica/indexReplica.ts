import type { DocumentID, SpaceID } from "../bridge";
import { RawString } from "./automerge";
import type { Door } from "./door";
import { Replica } from "./replica";
import type { ReplicaState } from "./state";

/** One document of a space, as the space's index lists it. */
export interface IndexEntry {
	readonly id: DocumentID;
	readonly kind: string;
	readonly title: string;
	readonly created: Date | null;
	/** Kept for reading, in a part of its own of the list. */
	readonly archived: boolean;
	/** Since when it is archived, where that is known. */
	readonly archivedAt: Date | null;
}

/** The list of a space's documents. Fits React's useSyncExternalStore: subscribe and getSnapshot are bound. */
export class IndexReplica {
	readonly #replica: Replica;
	readonly #listeners = new Set<() => void>();
	#entries: readonly IndexEntry[];
	#arrived: boolean;

	static async open(door: Door, space: SpaceID, index: DocumentID): Promise<IndexReplica> {
		return new IndexReplica(await Replica.open(door, { space, document: index, part: "body" }));
	}

	private constructor(replica: Replica) {
		this.#replica = replica;
		this.#entries = this.#read();
		this.#arrived = this.#hasList();
		replica.onPatches(() => this.#refresh());
		replica.onReset(() => this.#refresh());
	}

	/** The same list object until something in it changes; oldest document first. */
	readonly getSnapshot = (): readonly IndexEntry[] => this.#entries;

	readonly subscribe = (listener: () => void): (() => void) => {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	};

	/** Whether the list itself has come to this computer. When it does, getSnapshot gives another list. */
	get arrived(): boolean {
		return this.#arrived;
	}

	get state(): ReplicaState {
		return this.#replica.state;
	}

	/** Calls back when `state` changes. */
	onState(listener: () => void): () => void {
		return this.#replica.subscribe(listener);
	}

	/**
	 * Gives a document another title. Two who mend it at once both keep their letters; of two who give it another
	 * name at once, one's name stays, whole: the names must not run together.
	 */
	rename(document: DocumentID, title: string): boolean {
		const done = this.#replica.edit(() => {
			const core = this.#replica.core;
			const entry = this.#entry(document);
			if (entry === null) throw new RangeError(`the index has no document ${document}`);
			const stored = core.getWithType(entry, "title");
			const present = stored?.[0] === "text" ? core.text(stored[1]) : "";
			if (present === title) return;
			const { at, length, insert } = smallestSplice(present, title);
			if (stored?.[0] === "text" && isMended(present, length)) core.splice(stored[1], at, length, insert);
			else core.putObject(entry, "title", title);
		});
		if (done) this.#refresh();
		return done;
	}

	/**
	 * Archives a document, or brings it back. The field is taken out for that: of who archives a document and who brings
	 * it back at once, the one who archives is heeded, everywhere.
	 */
	archive(document: DocumentID, archived: boolean): boolean {
		const done = this.#replica.edit(() => {
			const core = this.#replica.core;
			const entry = this.#entry(document);
			if (entry === null) throw new RangeError(`the index has no document ${document}`);
			if ((core.getWithType(entry, "archived") !== null) === archived) return;
			if (archived) core.put(entry, "archived", new Date(), "timestamp");
			else core.delete(entry, "archived");
		});
		if (done) this.#refresh();
		return done;
	}

	saved(): Promise<void> {
		return this.#replica.saved();
	}

	close(): Promise<void> {
		return this.#replica.close();
	}

	#refresh(): void {
		const entries = this.#read();
		const same =
			entries.length === this.#entries.length && entries.every((e, i) => equal(e, this.#entries[i]));
		const arrived = this.#hasList();
		if (same && arrived === this.#arrived) return;
		this.#arrived = arrived;
		this.#entries = entries;
		for (const listener of this.#listeners) listener();
	}

	#read(): readonly IndexEntry[] {
		const core = this.#replica.core;
		const documents = core.getWithType("_root", "documents");
		if (documents?.[0] !== "map") return [];
		return core
			.keys(documents[1])
			.flatMap((id): IndexEntry[] => {
				const found = core.getWithType(documents[1], id);
				if (found?.[0] !== "map") return [];
				const entry: unknown = core.materialize(found[1]);
				return typeof entry === "object" && entry !== null ? [entryFrom(id, { ...entry })] : [];
			})
			.sort((a, b) => (a.created?.getTime() ?? 0) - (b.created?.getTime() ?? 0) || (a.id < b.id ? -1 : 1));
	}

	#hasList(): boolean {
		return this.#replica.core.getWithType("_root", "documents")?.[0] === "map";
	}

	#entry(document: DocumentID): string | null {
		const core = this.#replica.core;
		const documents = core.getWithType("_root", "documents");
		if (documents?.[0] !== "map") return null;
		const entry = core.getWithType(documents[1], document);
		return entry?.[0] === "map" ? entry[1] : null;
	}
}

function entryFrom(id: DocumentID, entry: Record<string, unknown>): IndexEntry {
	return {
		id,
		kind: text(entry.kind),
		title: text(entry.title),
		created: time(entry.created),
		archived: "archived" in entry, // Whatever a later version puts there.
		archivedAt: time(entry.archived),
	};
}

/** A time that can be shown: somebody may have put a number there that is beyond all calendars. */
function time(value: unknown): Date | null {
	const year = value instanceof Date ? value.getUTCFullYear() : Number.NaN;
	return value instanceof Date && year >= 1 && year <= 9999 ? value : null;
}

function text(value: unknown): string {
	if (typeof value === "string") return value;
	return value instanceof RawString ? value.val : "";
}

function equal(a: IndexEntry, b: IndexEntry | undefined): boolean {
	return (
		b !== undefined &&
		a.id === b.id &&
		a.kind === b.kind &&
		a.title === b.title &&
		a.created?.getTime() === b.created?.getTime() &&
		a.archived === b.archived &&
		a.archivedAt?.getTime() === b.archivedAt?.getTime()
	);
}

/** The one replacement that turns `from` into `to`, never cutting a surrogate pair. */
export function smallestSplice(from: string, to: string): { at: number; length: number; insert: string } {
	const limit = Math.min(from.length, to.length);
	let start = 0;
	while (start < limit && from[start] === to[start]) start++;
	if (cutsPair(from, start) || cutsPair(to, start)) start--;
	let end = 0;
	while (end < limit - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end++;
	if (cutsPair(from, from.length - end) || cutsPair(to, to.length - end)) end--;
	return { at: start, length: from.length - end - start, insert: to.slice(start, to.length - end) };
}

/** Whether at least half of a title is left when so much of it is replaced; if not, it is another name. */
function isMended(title: string, replaced: number): boolean {
	return title !== "" && replaced <= title.length / 2;
}

function cutsPair(text: string, at: number): boolean {
	return /[\ud800-\udbff]/.test(text[at - 1] ?? "") && /[\udc00-\udfff]/.test(text[at] ?? "");
}
