import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const automerge = fileURLToPath(new URL("node_modules/@automerge/automerge/dist/mjs", import.meta.url));

/**
 * Automerge's glue for its other builds names a second copy of the WASM, which the entry that we import never
 * loads. Without that name only the copy in use is shipped.
 */
function oneAutomerge(): Plugin {
	const unused = "new URL('automerge_wasm_bg.wasm', import.meta.url)";
	return {
		name: "one-automerge",
		enforce: "pre",
		transform(code, id) {
			if (!id.endsWith("/wasm_bindgen_output/web/automerge_wasm.js")) return null;
			if (!code.includes(unused)) throw new Error("Automerge names its WASM in another way now");
			return { code: code.replace(unused, "undefined"), map: null };
		},
	};
}

/** A page of jsdom's can fetch nothing: in tests, the WASM is read from the disk. */
function wasmFromDisk(): Plugin {
	return {
		name: "wasm-from-disk",
		enforce: "pre",
		apply: () => process.env.VITEST !== undefined,
		load(id) {
			if (!id.includes(".wasm?") || !id.endsWith("init")) return null;
			const path = JSON.stringify(id.slice(0, id.indexOf("?")));
			return [
				'import { readFileSync } from "node:fs";',
				`const module = new WebAssembly.Module(readFileSync(${path}));`,
				"export default async (imports) => new WebAssembly.Instance(module, imports);",
			].join("\n");
		},
	};
}

export default defineConfig({
	// The same files are served from the desktop window's own scheme and from a loopback address.
	base: "./",
	plugins: [react(), oneAutomerge(), wasmFromDisk()],
	resolve: {
		alias: [
			// The window starts Automerge's WASM itself, and again where it trapped: see replica/instance.ts.
			{
				find: /^automerge-wasm\/glue$/,
				replacement: `${automerge}/wasm_bindgen_output/bundler/automerge_wasm_bg.js`,
			},
			{
				find: /^automerge-wasm\/wasm/,
				replacement: `${automerge}/wasm_bindgen_output/bundler/automerge_wasm_bg.wasm`,
			},
			{ find: /^automerge-wasm\/use$/, replacement: `${automerge}/low_level.js` },
		],
	},
	build: {
		target: "es2023",
		// Everything is read from disk: one more file costs nothing, an inlined one needs a wider policy.
		assetsInlineLimit: 0,
		chunkSizeWarningLimit: 1500,
		modulePreload: { polyfill: false },
	},
	test: {
		include: ["src/**/*.test.{ts,tsx}"],
		// There must be one Automerge, whoever imports it.
		server: { deps: { inline: [/@automerge/] } },
	},
});
