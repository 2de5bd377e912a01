import { useEffect, useState } from "react";
import type { Bridge, Exported, Exporting, SpaceID } from "../../bridge";
import { follow } from "../download";
import { useSession } from "../session";

export interface Export {
	/** How far it is; undefined: none is under way, or nothing is known yet. */
	progress: Exporting | undefined;
	busy: boolean;
	/** Makes it, and tells how it ended and where it is; undefined where the person has changed their mind, or nobody knows. */
	save: () => Promise<Ended | undefined>;
	stop: () => void;
}

export interface Ended extends Exported {
	how: Exporting;
}

/** The export of a space. It goes on when what shows it goes: in a browser it is a download like others. */
export function useExport(space: SpaceID): Export {
	const { bridge } = useSession();
	const [saving, setSaving] = useState(false);
	const [progress, setProgress] = useState<Exporting>();
	// The Go side tells it past React, also of one that was begun before somebody looked elsewhere.
	useEffect(() => {
		const forget = () => setProgress(undefined);
		const hush = bridge.on("exporting", (told) => {
			if (told.space === space) setProgress(told.end === "" ? told : undefined);
		});
		const deaf = bridge.onConnection(forget);
		return () => {
			hush();
			deaf();
			forget();
		};
	}, [bridge, space]);
	const save = async () => {
		setSaving(true);
		try {
			return await made(bridge, space);
		} finally {
			setSaving(false);
		}
	};
	const stop = () => {
		// What fails to be stopped ends with the window.
		bridge.api.StopExport(space).catch(() => undefined);
	};
	return { progress, busy: saving || progress !== undefined, save, stop };
}

/**
 * In a browser the file is written after the call has answered. Its end is told in any case, but for a connection that
 * is lost meanwhile: then nobody knows.
 */
async function made(bridge: Bridge, space: SpaceID): Promise<Ended | undefined> {
	let hush = () => {};
	const ended = new Promise<Exporting | undefined>((resolve) => {
		const listening = [
			bridge.on("exporting", (told) => {
				if (told.space === space && told.end !== "") resolve(told);
			}),
			bridge.onConnection(() => resolve(undefined)),
		];
		hush = () => {
			for (const end of listening) end();
		};
	});
	try {
		const exported = await bridge.api.ExportSpace(space);
		if (exported.url !== "") follow(exported.url);
		else if (exported.file === "") return undefined;
		const how = await ended;
		return how && { ...exported, how };
	} finally {
		hush();
	}
}
