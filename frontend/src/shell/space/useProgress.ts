import { useEffect, useState } from "react";
import type { SpaceID } from "../../bridge";
import { useSession } from "../session";

export interface Done {
	done: number;
	of: number;
}

/** How far the founding of a successor has got, as the Go side tells it while it is under way. */
export function useProgress(space: SpaceID, busy: boolean): Done | undefined {
	const { bridge } = useSession();
	const [progress, setProgress] = useState<Done>();
	// The Go side tells it past React.
	useEffect(() => {
		if (!busy) return;
		const stop = bridge.on("succeeding", (told) => told.space === space && setProgress(told));
		return () => {
			stop();
			setProgress(undefined);
		};
	}, [bridge, space, busy]);
	return progress;
}
