import { DISCONNECTED, fromBase64, type Opened, ParleyError, toBase64 } from "../bridge";
import { applyChunks, type Core, handOver, loadCore, type Patch } from "./automerge";
import { CommitQueue, isRefusal } from "./commitQueue";
import { type Address, type Door, keyOf, onCompany, onMoved } from "./door";
import { onTrap } from "./instance";
import { Pace } from "./pace";
import { take, takeCarefully } from "./recovery";
import { type Problem, type ReplicaState, sameState, toProblem } from "./state";
import { type Unsaved, writeAgain } from "./unsaved";

/** A copy that breaks so often within so short a time is not loaded anew by itself any more. */
const FALLS = 5;
const FALLS_MS = 10_000;

/**
 * The window's own copy of one part of a document. Local operations are gathered into changes and handed to
 * the Go side, which stores them; what moved there is pulled and told as patches. Knows nothing of screens.
 */
export class Replica {
	readonly address: Address;
	readonly #door: Door;
	#core: Core;
	#actor: string;
	#position: number;
	#writable: boolean;
	#arrived = false;
	#broken: Problem | null = null;
	/** What the core had when the last change ended; what it has made since has not been queued. */
	#heads: readonly string[];
	/** What has been written since. Some of the core's reads end a change unasked, so it cannot tell. */
	#operations: (() => void)[] = [];
	#unsaved: readonly Unsaved[] = [];
	readonly #queue: CommitQueue;
	#state: ReplicaState;

	readonly #listeners = new Set<() => void>();
	readonly #patchListeners = new Set<(patches: readonly Patch[]) => void>();
	readonly #resetListeners = new Set<() => void>();
	readonly #stops: (() => void)[];

	readonly #pace: Pace;
	/** How often it was asked who else is there; only the last answer counts. */
	#asked = 0;
	/** When the copy broke, the last few times. */
	#falls: number[] = [];
	/** The newest position that was announced, and the newest that a pull has been made for since. */
	#announced = 0;
	#answered = 0;
	#pulling: Promise<void> | null = null;
	#reopening: Promise<void> | null = null;
	#closed = false;
	#released = false;

	/**
	 * Replicas that were closed while something could not be saved. They go on trying; who opens the part again
	 * gets back what was written there.
	 */
	static readonly #kept = new WeakMap<Door, Map<string, Replica>>();

	/** Opens a part. Rejects with the bridge's ParleyError, or where the stored chunks cannot be read. */
	static async open(door: Door, address: Address): Promise<Replica> {
		const kept = Replica.#kept.get(door)?.get(keyOf(address));
		if (kept !== undefined) return await kept.#resume();
		// Something may be announced before the answer is here, which then does not hold it.
		let announced = 0;
		let company = false;
		const stops = [
			onMoved(door, address, (position) => {
				announced = Math.max(announced, position);
			}),
			onCompany(door, address, () => {
				company = true;
			}),
		];
		try {
			const { opened, core } = await take(door, address);
			const replica = new Replica(door, address, core, opened);
			replica.#heard(announced);
			if (company) void replica.#lookAround();
			return replica;
		} finally {
			for (const stop of stops) stop();
		}
	}

	private constructor(door: Door, address: Address, core: Core, opened: Opened) {
		this.#door = door;
		this.address = address;
		this.#core = core;
		this.#actor = opened.actor;
		this.#position = opened.position;
		this.#answered = opened.position;
		this.#writable = opened.writable;
		this.#heads = core.getHeads();
		this.#pace = new Pace(opened.together, () => this.flush());
		this.#queue = new CommitQueue(
			(changes) => this.#commit(changes),
			() => this.#changed(),
		);
		this.#state = this.#picture();
		this.#stops = [
			onMoved(door, address, (position) => this.#heard(position)),
			onCompany(door, address, () => void this.#lookAround()),
			door.on("spaces", () => {
				// What was refused may be let in now.
				const { problem } = this.#queue;
				if (problem !== null && isRefusal(problem)) this.#queue.retry();
			}),
			door.onPause(() => {
				this.flush();
				return this.#queue.settled();
			}),
			onTrap((reason) => this.#break(reason)),
			door.onConnection((connection) => {
				if (connection === "connected") this.#reopen();
			}),
		];
	}

	get state(): ReplicaState {
		return this.#state;
	}

	get writable(): boolean {
		return this.#writable && this.#broken === null && !this.#closed;
	}

	/**
	 * Whether the document has come to this computer: its title can be here before its text is. It may be asked at
	 * any time, also while what Automerge held is void.
	 */
	get arrived(): boolean {
		if (!this.#arrived && this.#broken === null) {
			try {
				this.#arrived = this.#core.keys("_root").includes("text");
			} catch {
				// Automerge has just trapped, of which everybody is about to be told.
			}
		}
		return this.#arrived;
	}

	/** The document itself. Read it freely; write only inside edit(). Another object after a reset. */
	get core(): Core {
		return this.#core;
	}

	/** Calls back when `state` is another one; returns what stops it. */
	subscribe(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** Calls back with what others' changes did, just after they were applied; own changes are not told. */
	onPatches(listener: (patches: readonly Patch[]) => void): () => void {
		this.#patchListeners.add(listener);
		return () => this.#patchListeners.delete(listener);
	}

	/** Calls back when the document was loaded anew: whatever was read of it must be read again. */
	onReset(listener: () => void): () => void {
		this.#resetListeners.add(listener);
		return () => this.#resetListeners.delete(listener);
	}

	/**
	 * Runs local operations. They take effect at once and join the change that is open. Answers whether they were
	 * made; if not, the replica is not writable or has just become broken, and reloads. They may be run again, on
	 * the document as it was, where what they made cannot be stored under this window's actor.
	 */
	edit(operations: () => void): boolean {
		if (!this.writable) return false;
		try {
			operations();
			this.#operations.push(operations);
		} catch (reason) {
			this.#break(reason);
			return false;
		}
		this.#pace.written();
		this.#changed();
		return true;
	}

	/**
	 * Ends the open change and hands it to the queue. Happens by itself after each frame with edits, or after a
	 * quarter of a second where nobody else has the document open.
	 */
	flush(): void {
		this.#pace.ended();
		if (this.#broken !== null || this.#operations.length === 0) return;
		this.#guard(() => {
			const operations = this.#operations;
			this.#operations = [];
			this.#core.commit(undefined, Math.floor(Date.now() / 1000));
			this.#core.updateDiffCursor();
			const heads = this.#heads;
			const changes = this.#core.getChanges([...heads]);
			this.#heads = this.#core.getHeads();
			this.#unsaved = [...this.#stillUnsaved(), { heads, operations, changes }];
			for (const change of changes) this.#queue.push(change);
			this.#changed();
		});
	}

	/** Resolves once everything written so far is on disk. */
	saved(): Promise<void> {
		this.flush();
		return this.#queue.drained();
	}

	/** Resolves once what was announced so far has been pulled and applied. */
	async pulled(): Promise<void> {
		while (this.#pulling !== null || this.#reopening !== null) await (this.#reopening ?? this.#pulling);
	}

	/** Loads the document anew from what is stored and what waits to be stored. */
	async reload(): Promise<void> {
		// An answer that is under way may be older than the reason to ask.
		await this.#reopening;
		await this.#reopen(true);
	}

	/**
	 * Takes no more edits, and gives the document back once all is saved. Resolves when that is done, or when
	 * saving has failed: then it goes on by itself for as long as the page lives.
	 */
	async close(): Promise<void> {
		if (this.#closed) return;
		this.flush();
		this.#closed = true;
		await this.#queue.settled();
		if (this.#queue.state === "saved") return await this.#release();
		this.#keep();
	}

	#keep(): void {
		const kept = Replica.#kept.get(this.#door) ?? new Map<string, Replica>();
		Replica.#kept.set(this.#door, kept.set(keyOf(this.address), this));
		void this.#queue.drained().then(() => this.#release());
	}

	async #resume(): Promise<Replica> {
		Replica.#kept.get(this.#door)?.delete(keyOf(this.address));
		this.#closed = false;
		await this.reload();
		if (this.#broken === null) return this;
		const { code, message } = this.#broken;
		this.#closed = true;
		this.#keep();
		throw new ParleyError(code, message);
	}

	async #release(): Promise<void> {
		if (!this.#closed || this.#released) return;
		this.#released = true;
		const kept = Replica.#kept.get(this.#door);
		if (kept?.get(keyOf(this.address)) === this) kept.delete(keyOf(this.address));
		for (const stop of this.#stops) stop();
		this.#queue.close();
		const { space, document, part } = this.address;
		try {
			await this.#door.api.CloseDocument(space, document, part);
		} catch {
			// The connection is gone, and with it the lease.
		}
	}

	async #commit(changes: readonly Uint8Array[]): Promise<void> {
		// What waits may be other changes when the document is open again.
		if (this.#reopening !== null)
			throw new ParleyError(DISCONNECTED, "The connection to Parley was lost. Trying again.");
		const { space, document, part } = this.address;
		await this.#door.api.Commit(space, document, part, changes.map(toBase64));
	}

	#stillUnsaved(): readonly Unsaved[] {
		if (this.#queue.state === "saved") return [];
		return this.#unsaved.filter(({ changes }) => changes.some((change) => this.#queue.has(change)));
	}

	/** Somebody has come, or the last one has left. Whoever came sees at once what was typed before. */
	async #lookAround(): Promise<void> {
		this.flush();
		this.#pace.together = true;
		const { space, document } = this.address;
		const asked = ++this.#asked;
		try {
			const together = await this.#door.api.Company(space, document);
			if (asked === this.#asked) this.#pace.together = together;
		} catch {
			// Disconnected: reopening tells.
		}
	}

	#heard(position: number): void {
		this.#announced = Math.max(this.#announced, position);
		this.#pull();
	}

	#pull(): void {
		if (this.#pulling !== null || this.#closed || this.#announced <= this.#answered) return;
		this.#pulling = this.#pullAll().finally(() => {
			this.#pulling = null;
		});
	}

	async #pullAll(): Promise<void> {
		const { space, document, part } = this.address;
		while (this.#announced > this.#answered && !this.#closed && this.#broken === null) {
			// More may be announced while the answer is under way, which it then does not hold.
			const wanted = this.#announced;
			try {
				const pulled = await this.#door.api.Pull(space, document, part, this.#position);
				if (this.#reopening !== null) return;
				if (pulled.anew) {
					// Something that this copy holds, and that its next changes would build on, is there no more.
					void this.#reopen(true);
					return;
				}
				this.#receive(pulled.chunks.map(fromBase64));
				this.#position = pulled.position;
				this.#answered = wanted;
			} catch {
				return; // Disconnected: reopening brings it. Otherwise the next announcement does.
			}
		}
	}

	#receive(chunks: readonly Uint8Array[]): void {
		if (chunks.length === 0) return;
		this.flush();
		const patches = this.#guard(() => {
			applyChunks(this.#core, chunks);
			this.#heads = this.#core.getHeads();
			return this.#core.diffIncremental();
		});
		if (patches === undefined || patches.length === 0) return;
		for (const listener of this.#patchListeners) listener(patches);
	}

	#reopen(anew = false): Promise<void> {
		this.#reopening ??= this.#openAgain(anew).finally(() => {
			this.#reopening = null;
			this.#changed();
			this.#queue.retry();
			this.#pull();
		});
		return this.#reopening;
	}

	/** Takes up a document again after the connection was lost or the core broke. */
	async #openAgain(anew: boolean): Promise<void> {
		// Where a commit is under way, its answer says whether it must be made again.
		await this.#queue.settled();
		if (this.#closed && this.#queue.state === "saved") return;
		try {
			if (anew || this.#broken !== null) await this.#openAnew();
			else await this.#openOn();
		} catch (reason) {
			if (anew || this.#broken !== null) this.#broken = toProblem(reason);
			// Otherwise the connection went again; the next one reopens.
		}
	}

	async #openAnew(): Promise<void> {
		const { opened, core } = await (this.#broken === null ? take : takeCarefully)(this.#door, this.address);
		this.flush();
		this.#load(opened, core);
	}

	async #openOn(): Promise<void> {
		const { space, document, part } = this.address;
		const opened = await this.#door.api.OpenDocument(space, document, part);
		const chunks = opened.chunks.map(fromBase64);
		this.flush();
		if (this.#queue.state !== "saved") return this.#load(opened, loadCore(opened.actor, chunks));
		this.#receive(chunks);
		this.#take(opened.actor);
		this.#opened(opened);
	}

	#opened({ position, writable, together }: Opened): void {
		this.#writable = writable;
		this.#pace.together = together;
		this.#position = position;
		this.#answered = Math.max(this.#answered, position);
	}

	/** Goes on with a document that was built of what is stored, and writes again into it what is not. */
	#load(opened: Opened, core: Core): void {
		this.#opened(opened);
		const open = { heads: this.#heads, operations: this.#operations, changes: [] };
		const unsaved = [...this.#stillUnsaved(), ...(open.operations.length > 0 ? [open] : [])];
		core.updateDiffCursor();
		this.#core = core;
		this.#actor = opened.actor;
		this.#operations = [];
		// Whoever may write no more still sees what they wrote, and that it is not saved; the role may come back.
		this.#unsaved = writeAgain(this.#core, unsaved);
		this.#heads = this.#core.getHeads();
		this.#broken = null;
		this.#queue.replace(this.#unsaved.flatMap(({ changes }) => changes));
		for (const listener of this.#resetListeners) listener();
	}

	/** Writes on as another actor, as nothing of the present one waits to be stored. */
	#take(actor: string): void {
		if (actor === this.#actor) return;
		this.#guard(() => {
			this.#core = handOver(this.#core, actor);
			this.#actor = actor;
		});
	}

	/** Runs what touches the core; what fails half-way leaves it unusable, so it is put aside and loaded anew. */
	#guard<T>(work: () => T): T | undefined {
		try {
			return work();
		} catch (reason) {
			this.#break(reason);
			return undefined;
		}
	}

	#break(reason: unknown): void {
		if (this.#broken !== null) return;
		console.error("the document's copy in this window broke and is loaded anew", reason);
		this.#broken = toProblem(reason);
		this.#changed();
		const now = performance.now();
		this.#falls = [...this.#falls.filter((fall) => now - fall < FALLS_MS), now];
		if (this.#falls.length > FALLS) return; // Until somebody asks for it.
		// The very stack that led here may be half done: load when it is gone.
		queueMicrotask(() => this.#reopen(true));
	}

	#changed(): void {
		const next = this.#picture();
		if (sameState(next, this.#state)) return;
		this.#state = next;
		for (const listener of this.#listeners) listener();
	}

	#picture(): ReplicaState {
		const { state } = this.#queue;
		return {
			// What is typed and not handed in yet is no more on disk than what is under way.
			saving: state === "saved" && this.#operations.length > 0 ? "saving" : state,
			problem: this.#broken ?? this.#queue.problem,
			broken: this.#broken !== null,
			writable: this.writable,
		};
	}
}
