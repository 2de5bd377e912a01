import { useState } from "react";
import type { Bridge, Exported, Exporting, SpaceID } from "../../bridge";
import { follow } from "../download";
import { useSession } from "../session";

export interface Export {
	/** How far it is; undefined: none is under way, or nothing is known yet. */
	progress: Exporting | undefined;
	busy: boolean;
	/** Makes it, and tells how it ended and where it is; undefined where the person has changed their mind. */
	save: () => Promise<Ended | undefined>;
	stop: () => void;
}

export interface Ended extends Exported {
	how: Exporting;
}

/** The export of a space. It goes on when what shows it goes: in a browser it is a download like others. */
export function useExport(space: SpaceID): Export {
	const { bridge } = useSession();
	const [busy, setBusy] = useState(false);
	const [progress, setProgress] = useState<Exporting>();
	const save = async () => {
		setBusy(true);
		try {
			return await made(bridge, space, setProgress);
		} finally {
			setBusy(false);
			setProgress(undefined);
		}
	};
	const stop = () => {
		// What fails to be stopped ends with the window.
		bridge.api.StopExport(space).catch(() => undefined);
	};
	return { progress, busy, save, stop };
}

/** In a browser the file is written after the call has answered; its end is told in any case. */
async function made(
	bridge: Bridge,
	space: SpaceID,
	tell: (progress: Exporting) => void,
): Promise<Ended | undefined> {
	let hush = () => {};
	const ended = new Promise<Exporting>((resolve) => {
		hush = bridge.on("exporting", (told) => {
			if (told.space !== space) return;
			if (told.end === "") tell(told);
			else resolve(told);
		});
	});
	try {
		const exported = await bridge.api.ExportSpace(space);
		if (exported.url !== "") follow(exported.url);
		else if (exported.file === "") return undefined;
		return { ...exported, how: await ended };
	} finally {
		hush();
	}
}
