/**
 * The only importer of Automerge. The window works on the core's own handle instead of the proxies: a key then
 * costs what its operations cost, and no copy of the text is made for JavaScript (docs/decisions/0005 says why).
 */
import { decodeChange, getBackend, init, RawString } from "@automerge/automerge/next";

export type Core = ReturnType<typeof getBackend>;
export type Patch = ReturnType<Core["diffIncremental"]>[number];
export type { MarkSet } from "@automerge/automerge/next";
export { RawString };

// Where a chunk says what it is, and the kind that holds a whole document: see the Automerge binary format.
const KIND_AT = 8;
const DOCUMENT = 0;

/**
 * Builds a document of stored chunks, in which `actor` will write ("" where nobody will). Throws where the core
 * cannot read them.
 */
export function loadCore(actor: string, chunks: readonly Uint8Array[]): Core {
	const core = getBackend(init<Record<string, never>>(actor === "" ? {} : { actor }));
	applyChunks(core, chunks);
	core.updateDiffCursor();
	return core;
}

/** Applies chunks; what the document has already is passed over. */
export function applyChunks(core: Core, chunks: readonly Uint8Array[]): void {
	let changes: Uint8Array[] = [];
	const apply = () => {
		if (changes.length > 0) core.applyChanges(changes);
		changes = [];
	};
	for (const chunk of chunks) {
		if (chunk[KIND_AT] === DOCUMENT) {
			apply();
			core.loadIncremental(chunk);
		} else changes.push(chunk);
	}
	apply();
}

export function changeHash(change: Uint8Array): string {
	return decodeChange(change).hash;
}

export function changeActor(change: Uint8Array): string {
	return decodeChange(change).actor;
}
