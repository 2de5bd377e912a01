import { toParleyError } from "../bridge";
import type { Problem } from "./state";

// A batch stays small enough to be answered soon; a change larger than this travels alone.
const BATCH_BYTES = 256 * 1024;
const BATCH_CHANGES = 500;

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 15_000;

/** Who may not write is not let in by asking again; only retry() does, when something has changed. */
const REFUSALS: ReadonlySet<string> = new Set(["not-allowed", "archived", "no-member"]);

/** Whether changes were refused for what this person may do here, and will be until that changes. */
export function isRefusal({ code }: Problem): boolean {
	return REFUSALS.has(code);
}

/**
 * The changes that are not yet known to be on disk, oldest first. One batch is under way at a time; one that
 * fails is tried again with the same bytes, so that the other side can tell a repetition. One that is refused waits
 * for retry().
 */
export class CommitQueue {
	readonly #commit: (changes: readonly Uint8Array[]) => Promise<void>;
	readonly #changed: () => void;
	#changes: Uint8Array[] = [];
	/** How many of the first changes are the batch under way, or the one to be tried again. */
	#batch = 0;
	#busy = false;
	#problem: Problem | null = null;
	#retryMs = FIRST_RETRY_MS;
	#timer: ReturnType<typeof setTimeout> | null = null;
	#drained: (() => void)[] = [];
	#settled: (() => void)[] = [];

	/** `commit` resolves once the changes are durable; `changed` is called whenever state or problem changed. */
	constructor(commit: (changes: readonly Uint8Array[]) => Promise<void>, changed: () => void) {
		this.#commit = commit;
		this.#changed = changed;
	}

	get state(): "saved" | "saving" | "failed" {
		if (this.#changes.length === 0) return "saved";
		return this.#problem === null ? "saving" : "failed";
	}

	get problem(): Problem | null {
		return this.#problem;
	}

	/** Whether a change is not known to be durable. */
	has(change: Uint8Array): boolean {
		return this.#changes.includes(change);
	}

	/** Puts other changes in place of all that wait. No commit may be under way. */
	replace(changes: readonly Uint8Array[]): void {
		this.#changes = [...changes];
		this.#batch = 0;
		this.#settle();
	}

	push(change: Uint8Array): void {
		this.#changes.push(change);
		if (this.#changes.length === 1) this.#changed();
		void this.#pump();
	}

	/** Tries at once what would be tried later. */
	retry(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
		this.#retryMs = FIRST_RETRY_MS;
		void this.#pump();
	}

	/** Resolves once no commit is under way: all is saved, or something failed. */
	settled(): Promise<void> {
		if (!this.#busy) return Promise.resolve();
		return new Promise((resolve) => this.#settled.push(resolve));
	}

	/** Resolves once all is saved. */
	drained(): Promise<void> {
		if (this.#changes.length === 0) return Promise.resolve();
		return new Promise((resolve) => this.#drained.push(resolve));
	}

	close(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
	}

	async #pump(): Promise<void> {
		if (this.#busy || this.#timer !== null) return;
		this.#busy = true;
		while (this.#changes.length > 0) {
			if (this.#batch === 0) this.#batch = this.#nextBatch();
			try {
				await this.#commit(this.#changes.slice(0, this.#batch));
			} catch (reason) {
				const { code, message } = toParleyError(reason);
				this.#problem = { code, message };
				if (isRefusal(this.#problem)) break;
				this.#timer = setTimeout(() => {
					this.#timer = null;
					void this.#pump();
				}, this.#retryMs);
				this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
				break;
			}
			this.#changes.splice(0, this.#batch);
			this.#batch = 0;
			this.#retryMs = FIRST_RETRY_MS;
			if (this.#problem === null) continue;
			this.#problem = null;
			this.#changed();
		}
		this.#busy = false;
		this.#settle();
	}

	#settle(): void {
		if (this.#changes.length === 0) this.#problem = null;
		this.#changed();
		for (const resolve of this.#settled.splice(0)) resolve();
		if (this.#changes.length > 0) return;
		for (const resolve of this.#drained.splice(0)) resolve();
	}

	#nextBatch(): number {
		let bytes = 0;
		let count = 0;
		for (const change of this.#changes) {
			bytes += change.length;
			if (count > 0 && (bytes > BATCH_BYTES || count >= BATCH_CHANGES)) break;
			count++;
		}
		return count;
	}
}
