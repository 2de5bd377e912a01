import react from "@vitejs/plugin-react";
import wasm from "vite-plugin-wasm";
import { defineConfig } from "vitest/config";

export default defineConfig({
	// The same files are served from the desktop window's own scheme and from a loopback address.
	base: "./",
	plugins: [react(), wasm()],
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
