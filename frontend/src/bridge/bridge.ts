import type { EventName, Events, Method, WindowApi } from "./api";
import { type ParleyError, toParleyError } from "./error";
import { Socket } from "./socket";
import { takeToken } from "./token";
import type { Connection, EventListener, Transport, TransportListener } from "./transport";
import { openWails } from "./wails";

/** The one door between a window and the Go side. */
export interface Bridge {
	/** Each method rejects with a ParleyError. */
	readonly api: WindowApi;
	readonly connection: Connection;
	/** While the connection is "locked": what is needed. Its code is "locked" (a passphrase) or "keyring". */
	readonly lock: ParleyError | undefined;
	/** Calls back for every event of that name; returns what stops it. */
	on<E extends EventName>(event: E, listener: (data: Events[E]) => void): () => void;
	/** Calls back when the connection's state changes; after "connected", whatever was pulled may be outdated. */
	onConnection(listener: (state: Connection) => void): () => void;
	/**
	 * Calls back when what is under way should be put away: the page loses the focus, is hidden or about to go, or
	 * somebody asks for it. The listener's promise resolves when that has been tried.
	 */
	onPause(listener: () => Promise<void>): () => void;
	/** Calls those back, and waits for them. */
	pause(): Promise<void>;
	/** Shows an address of the web outside of this window. The caller answers for what it leads to. */
	openLink(href: string): void;
	close(): void;
}

/** Opens the transport that fits: Wails in the desktop window, otherwise a WebSocket to the page's own origin. */
export function openBridge(): Bridge {
	const bridge = connect((listener) => openWails(listener) ?? openSocket(listener));
	watchPauses(() => void bridge.pause());
	bridge.on("closing", () => void bridge.pause().then(() => bridge.api.Ready()));
	return bridge;
}

/** The moments after which a page may be gone. Before unload comes first, and is heard before anybody asks. */
function watchPauses(pause: () => void): void {
	for (const event of ["beforeunload", "pagehide", "blur"]) {
		window.addEventListener(event, pause, { capture: true });
	}
	document.addEventListener("visibilitychange", pause);
}

function openSocket(listener: TransportListener): Transport {
	const url = new URL("socket", location.href);
	url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
	url.hash = "";
	const socket = new Socket(url.href, takeToken(location, history, sessionStorage), listener);
	const retry = () => {
		if (document.visibilityState === "visible") socket.retry();
	};
	document.addEventListener("visibilitychange", retry);
	window.addEventListener("online", retry);
	return socket;
}

/** Builds a bridge on a transport; `open` is given whom to tell. */
export function connect(open: (listener: TransportListener) => Transport): Bridge {
	const events = new Map<EventName, Set<(data: never) => void>>();
	const connections = new Set<(state: Connection) => void>();
	const pauses = new Set<() => Promise<void>>();
	const connected = (state: Connection) => {
		for (const listener of connections) listener(state);
	};
	let lock: ParleyError | undefined;
	const setLock = (next: ParleyError | undefined) => {
		if (lock?.code === next?.code) return;
		lock = next;
		connected(next === undefined ? "connected" : "locked");
	};
	const event: EventListener = (name, data) => {
		if (name === "unlocked") setLock(undefined);
		for (const listener of events.get(name) ?? []) listener(data as never);
	};
	const transport = open({
		event,
		connection: (state) => {
			lock = undefined; // to be found out anew
			connected(state);
		},
	});
	const call: Transport["call"] = async (method, params) => {
		try {
			const result = await transport.call(method, params);
			if (method === "Unlock") setLock(undefined);
			return result;
		} catch (reason) {
			const error = toParleyError(reason);
			if (error.code === "locked" || error.code === "keyring") setLock(error);
			throw error;
		}
	};
	return {
		api: proxy(call),
		get connection() {
			return lock === undefined ? transport.connection : "locked";
		},
		get lock() {
			return lock;
		},
		on(name, listener) {
			const listeners = events.get(name) ?? new Set();
			events.set(name, listeners);
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		onConnection(listener) {
			connections.add(listener);
			return () => connections.delete(listener);
		},
		onPause(listener) {
			pauses.add(listener);
			return () => pauses.delete(listener);
		},
		pause: async () => {
			await Promise.all([...pauses].map((listener) => listener()));
		},
		openLink: (href) => transport.openLink(href),
		close: () => transport.close(),
	};
}

/** Every property is a method of that name: the types of WindowApi say which there are. */
function proxy(call: Transport["call"]): WindowApi {
	return new Proxy({} as WindowApi, {
		get:
			(_, method) =>
			(...params: unknown[]) =>
				call(method as Method, params),
	});
}
