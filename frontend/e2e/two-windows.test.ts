import { describe, expect } from "vitest";
import { Cable } from "./stage/network";
import { type Seat, test, type Workshop } from "./stage/workshop";

const SPACE = "Mill Lane neighbours";
const TITLE = "A better bus stop";

/** Anna has started a space and a document; Ben has joined and opened it. */
async function together(workshop: Workshop): Promise<{ anna: Seat; ben: Seat }> {
	const anna = await workshop.seat("Anna");
	const ben = await workshop.seat("Ben");
	await anna.window.startsSpace(SPACE);
	await anna.window.startsDocument(TITLE);
	await ben.window.joins(await anna.window.invites(), SPACE);
	await ben.window.opensDocument(TITLE);
	await anna.window.clicksIntoText();
	return { anna, ben };
}

describe("two windows on two nodes", () => {
	test("see each other's letters and carets as they are typed", async ({ workshop }) => {
		const { anna, ben } = await together(workshop);
		await anna.window.writes("The shelter leaks.");
		await ben.window.reads("The shelter leaks.");
		await ben.window.screen.seesCaretOf("Anna");

		await ben.window.writesAtTheEnd(" The bench is wet.");
		await anna.window.reads("The shelter leaks. The bench is wet.");
		await anna.window.screen.seesCaretOf("Ben");
	});

	test("both write at the same time, and both end with the same text", async ({ workshop }) => {
		const { anna, ben } = await together(workshop);
		await anna.window.writes("First line\nLast line");
		await ben.window.reads("First line", "Last line");
		await ben.window.clicksIntoText();
		await ben.window.screen.key("Control+Home");

		await Promise.all([
			anna.window.writes(", to which Anna adds one word after another"),
			ben.window.writes("Ben writes before it, at the same time: "),
		]);

		const lines = [
			"Ben writes before it, at the same time: First line",
			"Last line, to which Anna adds one word after another",
		];
		await anna.window.reads(...lines);
		await ben.window.reads(...lines);
	});

	test("one works offline, both write, and both have everything afterwards", async ({ workshop }) => {
		const { anna, ben } = await together(workshop);
		await anna.window.writes("Together.");
		await ben.window.reads("Together.");

		await ben.window.goesOffline();
		await ben.window.writesAtTheEnd("\nBen on the train.");
		await anna.window.writesAtTheStart("Anna at her desk. ");
		await ben.window.reads("Together.", "Ben on the train.");
		await anna.window.reads("Anna at her desk. Together.");

		await ben.window.goesOnline();
		await anna.window.reads("Anna at her desk. Together.", "Ben on the train.");
		await ben.window.reads("Anna at her desk. Together.", "Ben on the train.");
		await anna.window.seesEveryoneUpToDate();
		await ben.window.seesEveryoneUpToDate();
	});

	test("one computer sleeps, the other goes on, and nothing is lost when it wakes", async ({ workshop }) => {
		const { anna, ben } = await together(workshop);
		await anna.window.writes("Before.");
		await ben.window.reads("Before.");

		ben.peer.freezes();
		await ben.window.writesAtTheEnd("\nBen, half asleep.");
		await anna.window.writesAtTheStart("Anna goes on. ");
		await anna.window.reads("Anna goes on. Before.");

		ben.peer.thaws();
		await anna.window.reads("Anna goes on. Before.", "Ben, half asleep.");
		await ben.window.reads("Anna goes on. Before.", "Ben, half asleep.");
	});

	test("the cable is pulled and plugged in again", async ({ workshop }) => {
		const cable = await Cable.lay();
		workshop.afterwards(() => cable.close());
		const anna = await workshop.seat("Anna", cable.first);
		const ben = await workshop.seat("Ben", cable.second);
		await anna.window.startsSpace(SPACE);
		await anna.window.startsDocument(TITLE);
		await ben.window.joins(await anna.window.invites(), SPACE);
		await ben.window.opensDocument(TITLE);
		await anna.window.writesAtTheEnd("One cable.");
		await ben.window.reads("One cable.");

		await cable.pull();
		await ben.window.writesAtTheEnd("\nBen without it.");
		await anna.window.writesAtTheStart("Anna without it. ");
		await ben.window.reads("One cable.", "Ben without it.");
		await anna.window.reads("Anna without it. One cable.");

		await cable.plug();
		await anna.window.reads("Anna without it. One cable.", "Ben without it.");
		await ben.window.reads("Anna without it. One cable.", "Ben without it.");
	});

	test("all is there after both were killed and started again", async ({ workshop }) => {
		const { anna, ben } = await together(workshop);
		await anna.window.writes("Written before the power went.");
		await ben.window.reads("Written before the power went.");
		await anna.window.seesItSaved();

		await Promise.all([anna.peer.dies(), ben.peer.dies()]);
		await Promise.all([anna.peer.start(), ben.peer.start()]);

		for (const { peer, window } of [anna, ben]) {
			const again = await workshop.window(window.person, peer);
			await again.opensSpace(SPACE);
			await again.opensDocument(TITLE);
			await again.reads("Written before the power went.");
		}
	});

	test("a node restarts under an open page, which reconnects and loses nothing", async ({ workshop }) => {
		const { anna, ben } = await together(workshop);
		await anna.window.writes("Before the restart.");
		await ben.window.reads("Before the restart.");

		await anna.peer.dies();
		await anna.window.writesAtTheStart("Written meanwhile. ");
		await anna.window.seesItIsNotSaved();
		await ben.window.writesAtTheEnd("\nBen goes on.");
		await anna.peer.start();

		await anna.window.reads("Written meanwhile. Before the restart.", "Ben goes on.");
		await ben.window.reads("Written meanwhile. Before the restart.", "Ben goes on.");
		await anna.window.seesItSaved();
	});

	test("undo takes back one's own edits only", async ({ workshop }) => {
		const { anna, ben } = await together(workshop);
		await anna.window.writes("Anna.");
		await ben.window.reads("Anna.");
		await ben.window.writesAtTheEnd(" Ben.");
		await anna.window.reads("Anna. Ben.");

		await anna.window.undoes();
		await anna.window.reads(" Ben.");
		await ben.window.reads(" Ben.");
		await anna.window.redoes();
		await ben.window.reads("Anna. Ben.");
		await ben.window.undoes();
		await anna.window.reads("Anna.");
	});

	test("the title is one text for everybody", async ({ workshop }) => {
		const { anna, ben } = await together(workshop);
		await anna.window.titles("The best bus stop");
		await ben.window.seesTitle("The best bus stop");
		expect(await ben.peer.titles()).toEqual(["The best bus stop"]);
	});
});
