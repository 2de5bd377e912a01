import { describe, expect } from "vitest";
import * as space from "./stage/space";
import { until } from "./stage/until";
import { fill, words } from "./stage/words";
import { type Seat, test, type Workshop } from "./stage/workshop";

const SPACE = "Mill Lane neighbours";
const TITLE = "A better bus stop";
const { shelf } = words;
const title = { title: space.named(TITLE) };
const done = fill(shelf.done, title);
const part = (number: number) => fill(shelf.title, { number });

async function annaAndBen(workshop: Workshop): Promise<{ anna: Seat; ben: Seat }> {
	const { anna, others } = await space.meeting(workshop, SPACE, TITLE, "Ben");
	return { anna, ben: others[0] as Seat };
}

/** Chooses from the menu of the document that is open, or of its row in the list. */
async function chooses({ window }: Seat, entry: string): Promise<void> {
	await window.screen.page.getByRole("button", { name: fill(shelf.menu, title) }).click();
	await window.screen.press("menuitem", new RegExp(`^${entry}`));
}

function inMain({ window }: Seat) {
	return window.screen.page.getByRole("main");
}

describe("a document that is done with", () => {
	test("is archived for both, who can read it, and is brought back by the other", async ({ workshop }) => {
		const { anna, ben } = await annaAndBen(workshop);
		await ben.window.writesAtTheEnd(" Ben.");
		await anna.window.reads("Together. Ben.");

		await chooses(anna, shelf.archive);
		await space.readsAtTheFoot(anna.window, done);
		for (const { window } of [anna, ben]) {
			await window.seesText(shelf.strip);
			await window.seesNoMore("button", words.text.bold);
			await window.clicksIntoText();
			await window.screen.type("Not this.");
			await window.reads("Together. Ben.");
			const field = window.screen.page.getByLabel(words.document.title, { exact: true });
			expect(await field.getAttribute("readonly")).not.toBeNull();
		}

		await inMain(ben).getByRole("button", { name: shelf.bringBack }).click();
		await space.readsAtTheFoot(ben.window, fill(shelf.back, title));
		await space.seesFocusOn(ben.window, "heading", TITLE);
		for (const { window } of [anna, ben]) {
			await window.sees("button", words.text.bold);
			expect(await window.screen.text()).not.toContain(shelf.strip);
		}
		await ben.window.writesAtTheEnd(" Again.");
		await anna.window.reads("Together. Ben. Again.");
	});

	test("has a part of its own in the list, which is there only then; undo takes it back", async ({
		workshop,
	}) => {
		const { anna, ben } = await annaAndBen(workshop);
		for (const seat of [anna, ben]) await space.opensSpace(seat.window, SPACE);
		await chooses(anna, shelf.archive);
		for (const seat of [anna, ben]) {
			await seat.window.sees("button", part(1));
			await seat.window.seesNoMore("link", new RegExp(`^${TITLE}`));
		}
		await ben.window.screen.press("button", part(1));
		await inMain(ben).getByRole("link", { name: TITLE }).waitFor();

		await anna.window.screen.press("button", shelf.undo);
		await space.readsAtTheFoot(anna.window, fill(shelf.back, title));
		for (const seat of [anna, ben]) {
			await seat.window.seesNoMore("button", part(1));
			await inMain(seat).getByRole("link", { name: TITLE }).waitFor();
		}
	});

	test("is renamed by one and archived by another at the same time: both count", async ({ workshop }) => {
		const { anna, ben } = await annaAndBen(workshop);
		await ben.window.goesOffline();
		await ben.window.titles("The bus stop as it was built");
		await chooses(anna, shelf.archive);
		await ben.window.writesAtTheEnd(" Ben on the train.");
		await ben.window.goesOnline();
		for (const { window } of [anna, ben]) {
			await window.seesTitle("The bus stop as it was built");
			await window.seesText(shelf.strip);
			await window.reads("Together. Ben on the train.");
		}
	});

	test("is archived and brought back by keyboard alone, and the focus stays in the list", async ({
		workshop,
	}) => {
		const { window } = await workshop.seat("Anna");
		const { page } = window.screen;
		await window.startsSpace(SPACE);
		for (const other of ["One", TITLE, "Three"]) {
			await window.startsDocument(other);
			await space.opensSpace(window, SPACE);
		}
		const main = page.getByRole("main");
		await main.getByRole("link", { name: TITLE }).focus();
		await window.screen.key("Tab");
		await space.seesFocusOn(window, "button", fill(shelf.menu, title));
		await window.screen.key("Enter");
		await window.sees("menuitem", new RegExp(`^${shelf.archive}`));
		await window.screen.key("ArrowDown");
		await window.screen.key("Enter");
		await space.hears(window, done);
		await until("the focus to be on the row that took its place", () =>
			main.getByRole("link", { name: "Three" }).evaluate((link) => link.ownerDocument.activeElement === link),
		);

		await window.screen.key("Tab");
		await window.screen.key("Tab");
		await space.seesFocusOn(window, "button", part(1));
		await window.screen.key("Enter");
		await window.screen.key("Tab");
		await window.screen.key("Tab");
		await space.seesFocusOn(window, "button", fill(shelf.bringBackOf, title));
		await window.screen.key("Enter");
		await space.hears(window, fill(shelf.back, title));
		await space.seesFocusOn(window, "heading", SPACE);

		for (const last of ["One", TITLE, "Three"]) {
			await main.getByRole("button", { name: fill(shelf.menu, { title: space.named(last) }) }).focus();
			await window.screen.key("Enter");
			await window.screen.press("menuitem", new RegExp(`^${shelf.archive}`));
		}
		await space.seesFocusOn(window, "heading", SPACE);
		await window.seesText(shelf.all);
		await window.sees("button", part(3));
	});

	test("can be read by an annotator and a reader, who are offered nothing else", async ({ workshop }) => {
		const { anna, ben } = await annaAndBen(workshop);
		await chooses(anna, shelf.archive);
		for (const role of ["annotator", "reader"] as const) {
			await space.givesRole(anna.window, "Ben", role);
			await space.opensSpace(ben.window, SPACE);
			await space.hears(ben.window, fill(words.space.yourRole, { role: words.yourRole[role] }));
			await ben.window.screen.press("button", part(1));
			await inMain(ben).getByRole("link", { name: TITLE }).waitFor();
			await ben.window.seesNoMore("button", fill(shelf.bringBackOf, title));
			await inMain(ben).getByRole("link", { name: TITLE }).click();
			await ben.window.seesText(shelf.strip);
			await ben.window.reads("Together.");
			await ben.window.seesNoMore("button", shelf.bringBack);
			await ben.window.screen.press("button", fill(shelf.menu, title));
			await ben.window.sees("menuitem", words.paper.saveAs);
			await ben.window.seesNoMore("menuitem", new RegExp(`^${shelf.bringBack}`));
			await ben.window.screen.page.keyboard.press("Escape");
		}
	});
});
