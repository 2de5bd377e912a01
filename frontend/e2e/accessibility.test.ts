import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { looks, tour } from "./stage/screens";
import { test } from "./stage/workshop";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** One for each arrangement of the window's parts. */
const examined = ["light", "narrow", "large", "arabic"] as const;

/** The other sets of colours: a screen that was examined puts them on, and only what they change is looked at again. */
const colours = [
	{ theme: "dark", contrast: "" },
	{ theme: "light", contrast: "more" },
	{ theme: "dark", contrast: "more" },
];

/** A whole tour, with every screen examined. */
const TOUR = 300_000;

describe("axe finds nothing", () => {
	for (const name of examined) {
		test(
			`on any screen that is ${name}`,
			async ({ workshop }) => {
				const problems: string[] = [];
				await tour(workshop, looks[name], async (screen, { screen: { page } }) => {
					if (screen.endsWith("-printed")) return; // on paper, nobody navigates
					await page.evaluate(axe);
					const note = (found: AxeResults, look = "") => {
						for (const { id, help, nodes } of found.violations) {
							problems.push(...nodes.map((node) => `${screen}${look}: ${id}: ${help}: ${node.html}`));
						}
					};
					// React Aria's live region refers for some seconds to messages that have gone again.
					note((await page.evaluate("axe.run({ exclude: [['[data-live-announcer]']] })")) as AxeResults);
					if (name !== "light") return;
					for (const { theme, contrast } of colours) {
						note(await inColours(page, theme, contrast), `, ${theme} ${contrast}`);
					}
					await putOn(page, "light", "");
				});
				expect(problems).toEqual([]);
			},
			TOUR,
		);
	}
});

async function inColours(page: Page, theme: string, contrast: string): Promise<AxeResults> {
	await putOn(page, theme, contrast);
	return (await page.evaluate("axe.run({ runOnly: ['color-contrast'] })")) as AxeResults;
}

/** As ui/theme.ts does when somebody chooses colours. */
async function putOn(page: Page, theme: string, contrast: string): Promise<void> {
	await page.evaluate(
		([chosen, more]) => Object.assign(document.documentElement.dataset, { theme: chosen, contrast: more }),
		[theme, contrast],
	);
}
