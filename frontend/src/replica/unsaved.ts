import { type Core, changeHash } from "./automerge";

/** What was written here within one frame and is not known to be on disk. */
export interface Unsaved {
	/** What the document had before. */
	readonly heads: readonly string[];
	/** Writes it, also once more. */
	readonly operations: readonly (() => void)[];
	/** The changes that came of it; none while the frame lasts. */
	readonly changes: readonly Uint8Array[];
}

/**
 * Writes again what `core` lacks, where it was written at first, and answers with what is unsaved now. A
 * window may get another lease when its connection returns, and nobody may store changes under the old one.
 * `core` must be the one that the operations write to.
 */
export function writeAgain(core: Core, unsaved: readonly Unsaved[]): Unsaved[] {
	const renamed = new Map<string, string>();
	return unsaved.flatMap(({ heads, operations, changes }): Unsaved[] => {
		const hashes = changes.map(changeHash);
		// The answer was lost, the changes were not.
		if (hashes.length > 0 && hashes.every((hash) => has(core, hash))) return [];
		const before = heads.map((hash) => renamed.get(hash) ?? hash).filter((hash) => has(core, hash));
		core.isolate(before);
		for (const operation of operations) operation();
		const made = core.commit(undefined, Math.floor(Date.now() / 1000));
		core.integrate();
		core.updateDiffCursor();
		const change = made === null ? null : core.getLastLocalChange();
		if (made === null || change === null) return [];
		for (const hash of hashes) renamed.set(hash, made);
		return [{ heads: before, operations, changes: [change] }];
	});
}

function has(core: Core, hash: string): boolean {
	return core.getChangeByHash(hash) !== null;
}
