type ReplicaModule = typeof import("./index");

let loading: Promise<ReplicaModule> | undefined;

/**
 * Fetches and starts Automerge, once. Whoever fetches code that builds on it waits for this first: WebKit hands
 * out a module that is still starting (its WASM is awaited at the top level) to a second importer as if it were
 * ready, and what that one reads of it is not there.
 */
export function loadReplica(): Promise<ReplicaModule> {
	loading ??= import("./index").catch((reason) => {
		loading = undefined; // The next one who needs it tries again.
		throw reason;
	});
	return loading;
}
