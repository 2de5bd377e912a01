import { type Connection, type Events, fromBase64, ParleyError, toBase64 } from "../bridge";
import { type Core, changeActor, loadCore } from "./automerge";
import type { Door } from "./door";
import { Replica } from "./replica";
import { RichText } from "./richText";

const address = { space: "space", document: "document", part: "body" } as const;

/**
 * The Go side as far as replicas see it: a store of changes with positions, leases of actors, events. Members
 * of a hall meet when exchange() is called, as peers do when the network returns.
 */
export class Hall {
	readonly desks: Desk[] = [];

	/** A new device that holds what the first desk holds. */
	desk(): Desk {
		const desk = new Desk(this.desks.length + 1, this.desks[0]?.stored ?? []);
		this.desks.push(desk);
		return desk;
	}

	/** Gives everybody everything. */
	async exchange(): Promise<void> {
		for (const desk of this.desks) await desk.settle();
		for (const from of this.desks) for (const to of this.desks) to.append(from.stored);
		for (const desk of this.desks) await desk.settle();
	}
}

/** One device's store and bridge. */
export class Desk {
	readonly stored: Uint8Array[];
	readonly #known = new Set<string>();
	readonly #device: number;
	#leases = 0;
	/** The actors of those who have the document open over the present connection; nobody else may commit. */
	readonly #actors = new Set<string>();
	#listeners = new Map<string, Set<(data: never) => void>>();
	#connections = new Set<(state: Connection) => void>();
	#pauses = new Set<() => Promise<void>>();
	/** Whether somebody else has the document open. */
	#together = true;
	readonly replicas: Replica[] = [];
	/** While set, commits are refused with this error. */
	refusal: ParleyError | null = null;
	/** Whether this device may write. */
	writable = true;
	/** While set, commits are stored and their answers lost. */
	loses = false;
	#held: Promise<void> = Promise.resolve();
	/** Every batch that was tried, refused ones included. */
	readonly tried: string[][] = [];
	/** What windows could not show. */
	readonly aside: Uint8Array[] = [];

	constructor(device: number, stored: readonly Uint8Array[]) {
		this.#device = device;
		this.stored = [...stored];
		for (const chunk of stored) this.#known.add(toBase64(chunk));
	}

	async open(): Promise<Replica> {
		const replica = await Replica.open(this.door, address);
		this.replicas.push(replica);
		return replica;
	}

	/** Lets commits wait until the answer is called. */
	hold(): () => void {
		let answer: () => void = () => undefined;
		this.#held = new Promise((resolve) => {
			answer = resolve;
		});
		return answer;
	}

	append(chunks: readonly Uint8Array[]): void {
		const before = this.stored.length;
		for (const chunk of chunks) {
			const key = toBase64(chunk);
			if (this.#known.has(key)) continue;
			this.#known.add(key);
			this.stored.push(chunk);
		}
		if (this.stored.length > before) this.emit("moved", { ...address, position: this.stored.length });
	}

	emit<E extends keyof Events>(event: E, data: Events[E]): void {
		for (const listener of this.#listeners.get(event) ?? []) listener(data as never);
	}

	/** Others come, or all leave; the windows hear of it. */
	meets(together: boolean): void {
		this.#together = together;
		this.emit("company", { space: address.space, document: address.document });
	}

	/** The page is left, or may be. */
	pause(): void {
		for (const listener of this.#pauses) void listener();
	}

	reconnect(): void {
		this.#actors.clear();
		for (const state of ["disconnected", "connected"] as const) {
			for (const listener of this.#connections) listener(state);
		}
	}

	async settle(): Promise<void> {
		for (const replica of this.replicas) {
			await replica.saved();
			await replica.pulled();
		}
	}

	readonly door: Door = {
		api: {
			OpenDocument: async () => {
				const actor = `${String(this.#device).padStart(32, "0")}${String(this.#leases++).padStart(8, "0")}`;
				this.#actors.add(actor);
				return {
					actor,
					position: this.stored.length,
					chunks: this.stored.map(toBase64),
					writable: this.writable,
					together: this.#together,
				};
			},
			Company: async () => this.#together,
			Trapped: async (_space: string, _document: string, _part: string, chunks: string[]) => {
				this.aside.push(...chunks.map(fromBase64));
				const kept = this.stored.filter((chunk) => !chunks.includes(toBase64(chunk)));
				this.stored.splice(0, this.stored.length, ...kept);
			},
			CloseDocument: async () => undefined,
			Commit: async (_space: string, _document: string, _part: string, changes: string[]) => {
				this.tried.push(changes);
				await this.#held;
				if (this.refusal !== null) throw this.refusal;
				if (changes.some((change) => !this.#actors.has(changeActor(fromBase64(change))))) {
					throw new ParleyError("invalid", "These changes are not by an actor of this window.");
				}
				this.append(changes.map(fromBase64));
				if (this.loses) throw new ParleyError("disconnected", "The connection ended before the answer.");
				return { position: this.stored.length };
			},
			Pull: async (_space: string, _document: string, _part: string, after: number) => ({
				position: this.stored.length,
				chunks: this.stored.slice(after).map(toBase64),
				anew: false,
			}),
		} as unknown as Door["api"],
		on: (event, listener) => {
			const listeners = this.#listeners.get(event) ?? new Set();
			this.#listeners.set(event, listeners);
			listeners.add(listener as (data: never) => void);
			return () => listeners.delete(listener as (data: never) => void);
		},
		onPause: (listener) => {
			this.#pauses.add(listener);
			return () => this.#pauses.delete(listener);
		},
		onConnection: (listener) => {
			this.#connections.add(listener);
			return () => this.#connections.delete(listener);
		},
	};
}

/** The bytes of a document that `write` filled. */
export function newDocument(write: (core: Core) => void): Uint8Array {
	const core = loadCore("ff".repeat(20), []);
	write(core);
	core.commit("birth", 0);
	return core.save();
}

/** A hall whose first device holds a new text document. */
export function openHall(): Hall {
	const hall = new Hall();
	hall.desk().append([
		newDocument((core) => {
			core.put("_root", "kind", "text", "str");
			core.put("_root", "format", 1, "int");
			core.putObject("_root", "text", "");
			new RichText(() => core).insertBlock(0, { type: "paragraph", parents: [], level: 0 });
		}),
	]);
	return hall;
}
