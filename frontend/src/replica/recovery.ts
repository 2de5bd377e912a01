import { fromBase64, type Opened, ParleyError, toBase64 } from "../bridge";
import { type Core, loadCore, tryOut } from "./automerge";
import type { Address, Door } from "./door";
import { renew } from "./instance";

/** How many chunks of one part are set aside at most before it counts as not to be shown. */
const MOST_ASIDE = 20;

export interface Taken {
	readonly opened: Opened;
	readonly core: Core;
}

/** Opens a part and builds its document. Rejects with the bridge's ParleyError, or as takeCarefully does. */
export async function take(door: Door, address: Address): Promise<Taken> {
	const { opened, chunks } = await open(door, address);
	try {
		await renew();
		return { opened, core: loadCore(opened.actor, chunks) };
	} catch {
		return await takeCarefully(door, address);
	}
}

/**
 * The same where something in this page has failed before: what a window will do with the document is tried
 * first. A chunk that Automerge cannot take, or traps at, is named to the Go side, which sets it aside, and the
 * document is built without it. Rejects where it cannot be built at all. One after the other, since each trap on
 * the way voids what others have just built.
 */
export function takeCarefully(door: Door, address: Address): Promise<Taken> {
	const mine = turn.then(() => takeWithoutCulprits(door, address));
	turn = mine.catch(() => undefined);
	return mine;
}

let turn: Promise<unknown> = Promise.resolve();

async function takeWithoutCulprits(door: Door, address: Address): Promise<Taken> {
	const { space, document, part } = address;
	for (let aside = 0; aside < MOST_ASIDE; aside++) {
		const { opened, chunks } = await open(door, address);
		const culprit = await findCulprit(chunks);
		if (culprit === undefined) {
			await renew();
			return { opened, core: loadCore(opened.actor, chunks) };
		}
		await door.api.Trapped(space, document, part, [toBase64(culprit)]);
	}
	throw new ParleyError("unreadable", "This document cannot be shown. It is kept as it is.");
}

async function open(
	door: Door,
	{ space, document, part }: Address,
): Promise<{ opened: Opened; chunks: readonly Uint8Array[] }> {
	const opened = await door.api.OpenDocument(space, document, part);
	return { opened, chunks: opened.chunks.map(fromBase64) };
}

/** The first chunk with which the document cannot be used; with all before it, it can. */
async function findCulprit(chunks: readonly Uint8Array[]): Promise<Uint8Array | undefined> {
	if (await holds(chunks)) return undefined;
	let [sound, unsound] = [0, chunks.length];
	let middle = unsound - 1; // What came last is the likeliest.
	while (unsound - sound > 1) {
		if (await holds(chunks.slice(0, middle))) sound = middle;
		else unsound = middle;
		middle = (sound + unsound) >> 1;
	}
	return chunks[unsound - 1];
}

async function holds(chunks: readonly Uint8Array[]): Promise<boolean> {
	await renew();
	try {
		tryOut(loadCore("", chunks));
		return true;
	} catch {
		return false;
	}
}
