import { type EventName, eventNames, type Method } from "./api";
import { ParleyError, toParleyError } from "./error";
import type { Transport, TransportListener } from "./transport";

type BoundMethods = Record<string, (...params: unknown[]) => Promise<unknown>>;

interface WailsGlobals {
	go?: { app?: { Window?: BoundMethods } };
	runtime?: {
		EventsOn(event: string, listener: (data: never) => void): () => void;
		BrowserOpenURL(href: string): void;
	};
}

/** The desktop window's way: methods bound by Wails. Undefined in a browser. */
export function openWails(listener: TransportListener): Transport | undefined {
	const { go, runtime } = window as WailsGlobals;
	const bound = go?.app?.Window;
	if (bound === undefined || runtime === undefined) return undefined;
	const stops = eventNames.map((event: EventName) =>
		runtime.EventsOn(event, (data) => listener.event(event, data)),
	);
	return {
		connection: "connected",
		async call(method: Method, params) {
			const bind = bound[method];
			if (bind === undefined) throw new ParleyError("unknown", `This window has no operation ${method}.`);
			try {
				return await bind(...params);
			} catch (reason) {
				throw toParleyError(reason);
			}
		},
		openLink: (href) => runtime.BrowserOpenURL(href),
		close: () => {
			for (const stop of stops) stop();
		},
	};
}
