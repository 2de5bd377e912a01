/**
 * The only importer of Automerge. The window works on the core's own handle instead of the proxies: a key then
 * costs what its operations cost, and no copy of the text is made for JavaScript (docs/decisions/0005 says why).
 */
import { decodeChange, getBackend, init, RawString } from "@automerge/automerge/slim/next";
import { adopt, type Handle, release } from "./instance";

export type Core = ReturnType<typeof getBackend>;
export type Patch = ReturnType<Core["diffIncremental"]>[number];
export type { MarkSet } from "@automerge/automerge/slim/next";
export { RawString };

// Where a chunk says what it is, and the kind that holds a whole document: see the Automerge binary format.
const KIND_AT = 8;
const DOCUMENT = 0;

/**
 * Builds a document of stored chunks, in which `actor` will write ("" where nobody will). Throws where the core
 * cannot read them.
 */
export function loadCore(actor: string, chunks: readonly Uint8Array[]): Core {
	const core = adopted(getBackend(init<Record<string, never>>(actor === "" ? {} : { actor })));
	// Without a cursor the core writes down no patches. Nobody would read these, and a text with thousands of marks
	// takes ten times as long with them.
	core.resetDiffCursor();
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

/** The same document in the hands of another actor. The core it was is gone. */
export function handOver(core: Core, actor: string): Core {
	const next = adopted(core.fork(actor));
	next.updateDiffCursor();
	release(core as unknown as Handle);
	return next;
}

/**
 * Does to a document what whoever shows it will do: reads everything, and writes. Throws where the core cannot.
 * The document must not be used for anything else afterwards.
 */
export function tryOut(core: Core): void {
	core.materialize("/");
	for (const key of core.keys("_root")) {
		const entry = core.getWithType("_root", key);
		if (entry?.[0] === "text") core.spans(entry[1]);
	}
	core.put("_root", "trial", true);
	core.commit();
}

function adopted(core: Core): Core {
	adopt(core as unknown as Handle);
	return core;
}

export function changeHash(change: Uint8Array): string {
	return decodeChange(change).hash;
}

export function changeActor(change: Uint8Array): string {
	return decodeChange(change).actor;
}
