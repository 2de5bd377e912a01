import { useCallback, useEffect, useRef } from "react";
import type { DocumentID, SpaceID } from "../bridge";
import { useSession } from "./session";

/** The most often that a moving caret is told to others. */
const PAUSE = 60;
/** A caret that rests is told again, for those who came meanwhile. */
const HEARTBEAT = 10_000;

/**
 * Tells the space's members that this window is in the document (or in the space's own page), and leaves with
 * the component. Returns what tells where in the document; the last of many in quick succession counts.
 */
export function useAnnouncePlace(space: SpaceID, document: DocumentID = ""): (state: string) => void {
	const { bridge } = useSession();
	const state = useRef("");
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

	const send = useCallback(() => {
		timer.current = undefined;
		// Presence is good news only: what does not arrive is told again by the heartbeat.
		bridge.api.Announce(space, document, state.current).catch(() => undefined);
	}, [bridge, space, document]);

	// Others hold this presence until it is taken back or runs out.
	useEffect(() => {
		send();
		const beat = setInterval(send, HEARTBEAT);
		return () => {
			clearInterval(beat);
			clearTimeout(timer.current);
			timer.current = undefined;
			bridge.api.Announce(space, "", "").catch(() => undefined);
		};
	}, [bridge, space, send]);

	return useCallback(
		(next: string) => {
			if (state.current === next) return;
			state.current = next;
			timer.current ??= setTimeout(send, PAUSE);
		},
		[send],
	);
}
