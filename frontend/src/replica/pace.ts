/** Frames stop in a hidden window, timers do not. */
const FRAME_MS = 16;

/** What is typed within this time becomes one change while nobody else has the document open. */
const ALONE_MS = 250;

/**
 * Says when the open change ends. In company that is once a frame, the first letter at once, so that others see
 * letters as they are typed. Alone it is later: fewer changes make everything cheaper that walks the history.
 */
export class Pace {
	/** Whether somebody else has the document open. Whoever sets it ends the open change. */
	together: boolean;
	readonly #end: () => void;
	#timer: ReturnType<typeof setTimeout> | null = null;
	#waiting = false;
	#ended = Number.NEGATIVE_INFINITY;

	constructor(together: boolean, end: () => void) {
		this.together = together;
		this.#end = end;
	}

	/** Something was written, which must not wait longer than it may. */
	written(): void {
		if (this.#waiting) return;
		this.#waiting = true;
		const wait = this.together ? FRAME_MS - (performance.now() - this.#ended) : ALONE_MS;
		if (wait > 0) this.#timer = setTimeout(this.#end, wait);
		// Microtasks cannot be taken back; the change may have ended meanwhile.
		else queueMicrotask(() => this.#waiting && this.#end());
	}

	/** Nothing waits any more. */
	ended(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
		if (this.#waiting) this.#ended = performance.now();
		this.#waiting = false;
	}
}
