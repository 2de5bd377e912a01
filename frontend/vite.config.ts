import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import wasm from "vite-plugin-wasm";
import { defineConfig } from "vitest/config";

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

export default defineConfig({
	// The same files are served from the desktop window's own scheme and from a loopback address.
	base: "./",
	plugins: [react(), wasm(), oneAutomerge()],
	build: {
		target: "es2023",
		// Everything is read from disk: one more file costs nothing, an inlined one needs a wider policy.
		assetsInlineLimit: 0,
		chunkSizeWarningLimit: 1500,
		modulePreload: { polyfill: false },
	},
	test: {
		include: ["src/**/*.test.{ts,tsx}"],
	},
});
