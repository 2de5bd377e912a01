import { useCallback, useEffect, useRef, useState } from "react";
import { type Bridge, toBase64 } from "../../bridge";
import { useSession } from "../session";

/** How the names of files end by which a space is carried. */
export const FILE_ENDING = ".parley-bundle";

/** How what was opened outside begins where it is such a file; its name follows. */
const HANDED = "parley-bundle:";

/** Whether what was opened outside is a file by which a space is carried, and no code. */
export function isCarried(handed: string): boolean {
	return handed.startsWith(HANDED);
}

/** The last part of the name of a file that was opened outside. */
export function nameOfHanded(handed: string): string {
	return handed.slice(HANDED.length).split(/[/\\]/).at(-1) ?? "";
}

/** As much as travels in one call. */
const PART = 512 * 1024;

/** Sends a file, part after part. Rejects where it cannot be read, and where nobody wants more of it. */
export async function sendFile(
	api: Pick<Bridge["api"], "SendPart">,
	carriage: string,
	file: Blob,
): Promise<void> {
	for (let at = 0, last = false; !last; at += PART) {
		const part = await file.slice(at, at + PART).arrayBuffer();
		last = at + PART >= file.size;
		await api.SendPart(carriage, toBase64(new Uint8Array(part)), last);
	}
}

interface Load {
	/** What TakeHanded gave. */
	handed?: string | undefined;
	/** What the page sends once the call is under way. */
	file?: Blob | undefined;
}

export interface Carriage {
	busy: boolean;
	/** How much is done, from 0 to 1; undefined: nobody knows yet. */
	share: number | undefined;
	/** Begins a carriage, and makes the call that does something with it. One at a time. */
	run: <T>(load: Load, call: (carriage: string) => Promise<T>) => Promise<T>;
	stop: () => void;
}

/** One file on its way in or out. It is stopped when what shows it goes. */
export function useCarriage(): Carriage {
	const { bridge } = useSession();
	const [under, setUnder] = useState<string>();
	const [share, setShare] = useState<number>();
	const latest = useRef<string>(undefined);
	// The Go side tells how far it is, past React; and has to hear when nobody looks any more.
	useEffect(() => {
		if (under === undefined) return;
		const hush = bridge.on("carrying", ({ carriage, done, of }) => {
			if (carriage === under && of > 0) setShare(Math.min(1, done / of));
		});
		return () => {
			hush();
			setShare(undefined);
		};
	}, [bridge, under]);
	const stop = useCallback(() => {
		// What fails to be stopped ends with the window.
		if (latest.current !== undefined) bridge.api.StopCarriage(latest.current).catch(() => undefined);
	}, [bridge]);
	useEffect(() => stop, [stop]);
	const run = useCallback(
		async <T>({ handed = "", file }: Load, call: (carriage: string) => Promise<T>): Promise<T> => {
			const carriage = await bridge.api.BeginCarriage(handed, file?.size ?? 0);
			latest.current = carriage;
			setUnder(carriage);
			try {
				const answer = call(carriage);
				// What is wrong with the file is what the call answers; a file that cannot be read ends it.
				if (file) sendFile(bridge.api, carriage, file).catch(stop);
				return await answer;
			} finally {
				latest.current = undefined;
				setUnder(undefined);
			}
		},
		[bridge, stop],
	);
	return { busy: under !== undefined, share, run, stop };
}
