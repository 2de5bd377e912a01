import { describe, expect } from "vitest";
import { until } from "./stage/until";
import { test, type Workshop } from "./stage/workshop";

async function written(workshop: Workshop) {
	const anna = await workshop.seat("Anna");
	const ben = await workshop.seat("Ben");
	await anna.window.startsSpace("Mill Lane neighbours");
	await anna.window.startsDocument("A better bus stop");
	await ben.window.joins(await anna.window.invites(), "Mill Lane neighbours");
	await ben.window.opensDocument("A better bus stop");
	await anna.window.clicksIntoText();
	await anna.window.writes("The shelter leaks.");
	await ben.window.reads("The shelter leaks.");
	await ben.window.writesAtTheEnd(" The bench is wet.");
	await anna.window.reads("The shelter leaks. The bench is wet.");
	return { anna, ben };
}

describe("who wrote what", () => {
	test("is said by name for the whole text and for a passage, and goes again", async ({ workshop }) => {
		const { anna } = await written(workshop);
		const { window } = anna;
		const { page } = window.screen;
		const names = () =>
			page.locator(".text-editor-author-name").evaluateAll((all) => all.map((name) => name.dataset.name));
		const becomes = async (...wanted: string[]) => {
			let last: unknown;
			await until(`the passages to be by ${wanted}`, async () => {
				last = await names();
				return JSON.stringify(last) === JSON.stringify(wanted);
			}).catch(() => expect(last).toEqual(wanted));
		};

		await window.screen.press("button", window.words.authors.show);
		await becomes("Anna", "Ben");
		const legend = page.getByRole("list", { name: window.words.authors.list });
		expect(await legend.getByRole("listitem").allInnerTexts()).toEqual(["Anna (50%)", "Ben (50%)"]);
		await window.seesText(window.words.authors.hint);

		// What somebody writes amid another's words is theirs, as soon as they pause.
		await window.writesAtTheEnd(" True.");
		await becomes("Anna", "Ben", "Anna");

		// The last word, by the keyboard alone.
		await page.keyboard.press("Control+Shift+ArrowLeft");
		await window.seesText(window.words.authors.selected.replace("{{names}}", "Anna"));
		await page.keyboard.press("Control+a");
		await until("both to be named", async () => /Anna and Ben|Ben and Anna/.test(await window.screen.text()));

		await window.screen.press("button", window.words.authors.show);
		await becomes();
		await window.reads("The shelter leaks. The bench is wet. True.");
	});

	test("is known offline, too", async ({ workshop }) => {
		const { ben } = await written(workshop);
		await ben.window.goesOffline();
		await ben.window.screen.press("button", ben.window.words.authors.show);
		const list = ben.window.screen.page.getByRole("list", { name: ben.window.words.authors.list });
		await until("both to be listed", async () => (await list.getByRole("listitem").count()) === 2);
	});
});
