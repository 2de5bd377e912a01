import { useCallback, useEffect, useState } from "react";
import type { Bridge } from "../bridge";

/** Whether a code links a device, and is no invitation to a space. */
export function isLinkCode(code: string): boolean {
	return code.startsWith("PARLEYLINK");
}

/**
 * The code of a link or an invitation file that was opened outside of the window, until somebody has been asked
 * about it. `open`: the device answers.
 */
export function useHanded(bridge: Bridge, open: boolean): { handed: string; done: () => void } {
	const [handed, setHanded] = useState("");
	// It waits on the Go side, which tells when there is one.
	useEffect(() => {
		if (!open) return;
		const take = () => {
			bridge.api.TakeHanded().then(
				(code) => code !== "" && setHanded(code),
				() => undefined, // It waits for the next window.
			);
		};
		take();
		return bridge.on("handed", take);
	}, [bridge, open]);
	return { handed, done: useCallback(() => setHanded(""), []) };
}
