import { defineConfig } from "vitest/config";
import e2e from "./vitest.config";

/** Not a test: pictures of every screen, for people to look at. */
export default defineConfig({
	test: { ...e2e.test, include: ["screenshots.ts"], testTimeout: 300_000 },
	root: import.meta.dirname,
});
