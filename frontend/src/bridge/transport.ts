import type { EventName, Events, Method } from "./api";

/**
 * `connecting` until the first answer, `disconnected` while the Go side cannot be reached (the transport keeps
 * trying), `refused` when it will not have this window at all (a wrong or outdated link), `locked` while it answers
 * nothing but `Unlock`.
 */
export type Connection = "connecting" | "connected" | "disconnected" | "refused" | "locked";

export type EventListener = <E extends EventName>(event: E, data: Events[E]) => void;

/** One way to the Go side. Calls may overtake each other; whoever needs an order awaits. */
export interface Transport {
	readonly connection: Connection;
	/** Rejects with a ParleyError. */
	call(method: Method, params: readonly unknown[]): Promise<unknown>;
	/** Shows an address of the web outside of this window. */
	openLink(href: string): void;
	close(): void;
}

export interface TransportListener {
	event: EventListener;
	connection(state: Connection): void;
}
