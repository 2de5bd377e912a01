import { useSyncExternalStore } from "react";

/** How much room there is: all three columns, the work alone with side sheets, or one thing at a time. */
export type Room = "wide" | "medium" | "narrow";

// Widths in rem, so that larger text changes the layout as a smaller window does.
const WIDE = 56.25;
const MEDIUM = 37.5;

export function roomFor(rem: number): Room {
	if (rem >= WIDE) return "wide";
	return rem >= MEDIUM ? "medium" : "narrow";
}

function measure(): Room {
	const size = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
	return roomFor(window.innerWidth / size);
}

function subscribe(listener: () => void): () => void {
	window.addEventListener("resize", listener);
	// A change of the text size resizes nothing, but it is always a change of the root's style.
	const observer = new MutationObserver(listener);
	observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style"] });
	return () => {
		window.removeEventListener("resize", listener);
		observer.disconnect();
	};
}

export function useRoom(): Room {
	return useSyncExternalStore(subscribe, measure);
}
