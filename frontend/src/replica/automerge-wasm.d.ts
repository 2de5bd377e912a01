/** Parts of Automerge that its package does not offer by name; vite.config.ts says where they are. */
declare module "automerge-wasm/glue" {
	/** The functions and classes of the WASM, which work on whatever instance was set last. */
	export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

declare module "automerge-wasm/use" {
	/** Gives Automerge the functions that it calls. */
	export function UseApi(glue: object): void;
}

declare module "automerge-wasm/wasm?init" {
	/** Fetches, compiles and starts one more instance. */
	const instantiate: (imports: WebAssembly.Imports) => Promise<WebAssembly.Instance>;
	export default instantiate;
}
