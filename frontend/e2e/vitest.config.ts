import { defineConfig } from "vitest/config";

/** Tests with real programs and real browsers. Stories wait more than they work: two share two cores well. */
export default defineConfig({
	root: import.meta.dirname,
	test: {
		include: ["**/*.test.ts"],
		maxWorkers: 2,
		testTimeout: 90_000,
		hookTimeout: 60_000,
		reporters: ["verbose"],
		// The keyring of whoever runs the tests is theirs.
		env: { PARLEY_KEYRING: "false" },
	},
});
