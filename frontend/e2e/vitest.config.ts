import { defineConfig } from "vitest/config";

/** Tests with real programs and real browsers. They share two cores, so one file runs at a time. */
export default defineConfig({
	root: import.meta.dirname,
	test: {
		include: ["**/*.test.ts"],
		fileParallelism: false,
		testTimeout: 90_000,
		hookTimeout: 60_000,
		reporters: ["verbose"],
		// The keyring of whoever runs the tests is theirs.
		env: { PARLEY_KEYRING: "false" },
	},
});
