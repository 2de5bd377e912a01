import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import { describe, expect } from "vitest";
import { screens, themes } from "./stage/screens";
import { test } from "./stage/workshop";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe("axe finds nothing", () => {
	for (const theme of themes) {
		test(`on any screen, ${theme}`, async ({ workshop }) => {
			const problems: string[] = [];
			await screens(workshop, { theme }, async (name, { page }) => {
				await page.evaluate(axe);
				const found = (await page.evaluate("axe.run()")) as AxeResults;
				for (const { id, help, nodes } of found.violations) {
					problems.push(...nodes.map((node) => `${name}: ${id}: ${help}: ${node.html}`));
				}
			});
			expect(problems).toEqual([]);
		});
	}
});
