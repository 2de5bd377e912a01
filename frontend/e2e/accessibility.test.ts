import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import { describe, expect } from "vitest";
import { looks, tour } from "./stage/screens";
import { test } from "./stage/workshop";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** One for each set of colours, and one for each arrangement of the window's parts. */
const examined = ["light", "dark", "contrast", "narrow", "large", "arabic"] as const;

/** A whole tour, with every screen examined. */
const TOUR = 240_000;

describe("axe finds nothing", () => {
	for (const name of examined) {
		test(
			`on any screen that is ${name}`,
			async ({ workshop }) => {
				const problems: string[] = [];
				await tour(workshop, looks[name], async (screen, { screen: { page } }) => {
					if (screen.endsWith("-printed")) return; // on paper, nobody navigates
					await page.evaluate(axe);
					// React Aria's live region refers for some seconds to messages that have gone again.
					const found = (await page.evaluate(
						"axe.run({ exclude: [['[data-live-announcer]']] })",
					)) as AxeResults;
					for (const { id, help, nodes } of found.violations) {
						problems.push(...nodes.map((node) => `${screen}: ${id}: ${help}: ${node.html}`));
					}
				});
				expect(problems).toEqual([]);
			},
			TOUR,
		);
	}
});
