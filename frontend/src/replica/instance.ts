/**
 * The instance of Automerge's WASM that this page works with, and the only place that knows there can be another.
 * An instance that has trapped stopped in the middle of something: its memory must not be used again, neither for
 * the document at fault nor for any other of the page.
 */
import * as glue from "automerge-wasm/glue";
import { UseApi } from "automerge-wasm/use";
import instantiate from "automerge-wasm/wasm?init";

/** One of the glue's handles: an address in the memory of the instance that made it. */
export interface Handle {
	__wbg_ptr: number;
	__destroy_into_raw(): number;
}

interface Freed {
	readonly address: number;
	readonly generation: number;
	readonly self: WeakRef<Handle>;
}

let instance = await instantiate(importsOf(glue));
let exported: WebAssembly.Exports = {};
/** Which instance it is: one more with every renewal. */
let generation = 0;
let trap: Error | null = null;
let renewing: Promise<void> | null = null;
const listeners = new Set<(reason: Error) => void>();
const living = new Set<WeakRef<Handle>>();

/**
 * Frees what nobody holds any more. The glue would do so too, but with addresses of an earlier instance in the
 * memory of the present one.
 */
const freed = new FinalizationRegistry<Freed>(({ address, generation: age, self }) => {
	living.delete(self);
	if (age === generation) free(address);
});

begin();
UseApi(glue);

/** Takes care of a fresh handle, and gives it back. Every handle of the page passes through here. */
export function adopt<H extends Handle>(handle: H): H {
	const address = handle.__destroy_into_raw(); // the glue forgets it; it stays what it is
	handle.__wbg_ptr = address;
	const self = new WeakRef<Handle>(handle);
	living.add(self);
	freed.register(handle, { address, generation, self }, handle);
	return handle;
}

/** Frees a handle now. */
export function release(handle: Handle): void {
	freed.unregister(handle);
	const address = handle.__destroy_into_raw();
	if (address !== 0) free(address);
}

/** Calls back once for each instance that traps, when the stack that led there is gone. */
export function onTrap(listener: (reason: Error) => void): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

/**
 * Puts a fresh instance in the place of one that has trapped. All handles are void then, and say so when they are
 * used. Rejects where there is no fresh one to be had, as without a connection.
 */
export function renew(): Promise<void> {
	if (trap === null) return Promise.resolve();
	renewing ??= replace().finally(() => {
		renewing = null;
	});
	return renewing;
}

function free(address: number): void {
	const { __wbg_automerge_free: run } = exported;
	if (trap === null && typeof run === "function") run(address, 0);
}

async function replace(): Promise<void> {
	const fresh = await instantiate(importsOf(glue));
	for (const handle of living) handle.deref()?.__destroy_into_raw();
	living.clear();
	cutOff(instance.exports.memory);
	instance = fresh;
	generation++;
	trap = null;
	begin();
}

/** The glue keeps views of the memory, and asks for new ones only when those are cut off. */
function cutOff(memory: unknown): void {
	if (!(memory instanceof WebAssembly.Memory)) throw new Error("Automerge's WASM shows no memory");
	const { buffer } = memory;
	memory.grow(1);
	if (buffer.byteLength !== 0) throw new Error("the memory of a WASM that trapped could not be cut off");
}

function begin(): void {
	exported = watched(instance.exports);
	glue.__wbg_set_wasm(exported);
}

/** The exports, each of which notices a trap and refuses to run after one. */
function watched(exports: WebAssembly.Exports): WebAssembly.Exports {
	const age = generation;
	return Object.fromEntries(
		Object.entries(exports).map(([name, value]) => {
			if (typeof value !== "function") return [name, value];
			const guarded = (...args: unknown[]): unknown => {
				if (trap !== null) throw trap;
				try {
					return value(...args);
				} catch (reason) {
					if (age === generation && isTrap(reason)) fall(reason);
					throw reason;
				}
			};
			return [name, guarded];
		}),
	);
}

/** What leaves WASM half-way through: a trap of its own, or a stack that is full. */
function isTrap(reason: unknown): reason is Error {
	return reason instanceof WebAssembly.RuntimeError || reason instanceof RangeError;
}

function fall(reason: Error): void {
	trap = reason;
	console.error("Automerge has trapped; what it holds is loaded anew", reason);
	queueMicrotask(() => {
		for (const listener of listeners) listener(reason);
	});
}

function importsOf(api: typeof glue): WebAssembly.Imports {
	return { "./automerge_wasm_bg.js": api as unknown as WebAssembly.ModuleImports };
}
