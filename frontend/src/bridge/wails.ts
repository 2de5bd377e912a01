import { type EventName, eventNames, type Method } from "./api";
import { toParleyError } from "./error";
import type { Transport, TransportListener } from "./transport";

interface WailsGlobals {
	go?: { desktop?: { Page?: { Call(method: Method, params: readonly unknown[]): Promise<unknown> } } };
	runtime?: {
		EventsOn(event: string, listener: (data: never) => void): () => void;
		BrowserOpenURL(href: string): void;
		WindowSetTitle(title: string): void;
	};
}

/** The desktop window's way: one method bound by Wails, which calls the others by name. Undefined in a browser. */
export function openWails(listener: TransportListener): Transport | undefined {
	const { go, runtime } = window as WailsGlobals;
	const bound = go?.desktop?.Page;
	if (bound === undefined || runtime === undefined) return undefined;
	const stops = eventNames.map((event: EventName) =>
		runtime.EventsOn(event, (data) => listener.event(event, data)),
	);
	stops.push(followTitle((title) => runtime.WindowSetTitle(title)));
	return {
		connection: "connected",
		async call(method: Method, params) {
			try {
				return await bound.Call(method, params);
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

/** The page's title is shown by the window's frame too, which Wails leaves to the page. */
function followTitle(show: (title: string) => void): () => void {
	const observer = new MutationObserver(() => show(document.title));
	observer.observe(document.head, { subtree: true, childList: true, characterData: true });
	return () => observer.disconnect();
}
