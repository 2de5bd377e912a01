import { useSyncExternalStore } from "react";

/**
 * How much room there is: for three columns, for two (people slide over the work), for the work alone (spaces
 * slide over it too), or for one thing at a time.
 */
export type Room = "three" | "two" | "one" | "narrow";

// Widths in rem, so that larger text changes the layout as a smaller window does.
const THREE = 68;
const TWO = 56.25;
const ONE = 37.5;

export function roomFor(rem: number): Room {
	if (rem >= THREE) return "three";
	if (rem >= TWO) return "two";
	return rem >= ONE ? "one" : "narrow";
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
