import { useEffect, useState, useSyncExternalStore } from "react";
import { type Bridge, type EventName, type Events, type ParleyError, toParleyError } from "../bridge";

export interface LiveState<T> {
	/** The newest answer; stays while a newer one is on its way, and when that fails. */
	value: T | undefined;
	/** Why the last attempt failed; undefined as soon as one succeeds. */
	error: ParleyError | undefined;
}

/**
 * Something asked of the Go side and asked again whenever an event says that it may have changed. However many
 * events come, one question is under way and at most one more waits, so the last answer is never outdated.
 */
export class Live<T> {
	#state: LiveState<T> = { value: undefined, error: undefined };
	#listeners = new Set<() => void>();
	#asking = false;
	#again = false;
	#stopped = false;
	readonly #ask: () => Promise<T>;

	constructor(ask: () => Promise<T>) {
		this.#ask = ask;
	}

	get state(): LiveState<T> {
		return this.#state;
	}

	readonly subscribe = (listener: () => void): (() => void) => {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	};

	/** Asks, or asks once more after the question that is under way. */
	readonly refresh = (): void => {
		if (this.#asking) {
			this.#again = true;
			return;
		}
		this.#asking = true;
		this.#again = false;
		this.#ask().then(
			(value) => this.#settle({ value, error: undefined }),
			(reason) => this.#settle({ value: this.#state.value, error: toParleyError(reason) }),
		);
	};

	/** Nobody is told any more, whatever still arrives. */
	stop(): void {
		this.#stopped = true;
	}

	#settle(state: LiveState<T>): void {
		this.#asking = false;
		if (this.#stopped) return;
		if (!alike(state, this.#state)) {
			this.#state = state;
			for (const listener of this.#listeners) listener();
		}
		if (this.#again) this.refresh();
	}
}

/** An answer like the one before is no news: who has the latest is asked with every key, and hardly ever changes. */
function alike<T>(a: LiveState<T>, b: LiveState<T>): boolean {
	return (
		a.error === undefined && b.error === undefined && JSON.stringify(a.value) === JSON.stringify(b.value)
	);
}

export interface Trigger<E extends EventName = EventName> {
	event: E;
	/** Which of these events matter; all where absent. */
	when?: (data: Events[E]) => boolean;
}

export function trigger<E extends EventName>(event: E, when?: (data: Events[E]) => boolean): Trigger {
	return { event, when } as unknown as Trigger;
}

/**
 * A Live of a component's lifetime. `key` names what is asked; a new key starts from nothing. It is asked again
 * for the triggers and when the connection comes back.
 */
export function useLive<T>(
	bridge: Bridge,
	key: string,
	ask: () => Promise<T>,
	triggers: readonly Trigger[],
): LiveState<T> & { refresh: () => void } {
	const [held, setHeld] = useState(() => ({ key, live: new Live(ask) }));
	let current = held;
	if (held.key !== key) {
		current = { key, live: new Live(ask) };
		setHeld(current);
	}
	const { live } = current;
	// biome-ignore lint/correctness/useExhaustiveDependencies: a Live keeps its first question and triggers; the key stands for both.
	useEffect(() => {
		live.refresh();
		const stops = triggers.map(({ event, when }) =>
			bridge.on(event, (data) => {
				if (when === undefined || when(data)) live.refresh();
			}),
		);
		stops.push(bridge.onConnection((state) => state === "connected" && live.refresh()));
		return () => {
			for (const stop of stops) stop();
		};
	}, [bridge, live]);
	const state = useSyncExternalStore(live.subscribe, () => live.state);
	return { ...state, refresh: live.refresh };
}
