import { describe, expect } from "vitest";
import { opensThisSpace } from "./stage/space";
import { until } from "./stage/until";
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

/** Opens who has this, reads it, and closes it. */
async function readsWhoHas({ window: { screen, words } }: Seat): Promise<string> {
	await screen.press("button", new RegExp(`^${words.has.title}`));
	const dialog = screen.page.getByRole("dialog", { name: words.has.title });
	const text = await dialog.innerText();
	await screen.key("Escape");
	await dialog.waitFor({ state: "hidden" });
	return text;
}

describe("who has what", () => {
	test("is said in the document and in the list, also while the other is away", async ({ workshop }) => {
		const { anna, ben } = await together(workshop);
		const { words, screen } = anna.window;
		await anna.window.writes("The shelter leaks.");
		await ben.window.reads("The shelter leaks.");
		await anna.window.seesEveryoneUpToDate();
		expect(await readsWhoHas(anna)).toContain(words.has.all);

		await ben.window.goesOffline();
		await anna.window.writesAtTheEnd(" And it is dark.");
		await until("Anna to read that Ben lacks today's changes", async () => {
			const text = await readsWhoHas(anna);
			return text.includes("Ben") && text.includes(words.has.lacksToday);
		});
		await anna.window.opensSpace(SPACE);
		await screen.page.getByRole("img", { name: words.has.nobody }).waitFor();

		await ben.window.goesOnline();
		await screen.page.getByRole("img", { name: words.has.everyone }).waitFor();
		await anna.window.opensDocument(TITLE);
		await anna.window.seesEveryoneUpToDate();
		expect(screen.complaints).toEqual([]);
	});
});

describe("the network screen", () => {
	test("says by name how somebody is reached, and what works", async ({ workshop }) => {
		const { anna } = await together(workshop);
		const { words, screen } = anna.window;
		await anna.window.opensMenu(words.sidebar.network);
		const peers = screen.page.getByRole("list", { name: words.network.peers });
		await peers.getByText("Ben", { exact: true }).waitFor();
		await peers.getByText(words.network.ways.local).waitFor();

		await screen.press("switch", words.network.frugal);
		await until("the switch to be on", async () =>
			screen.page.getByRole("switch", { name: words.network.frugal }).isChecked(),
		);
		await screen.press("button", words.test.start);
		const results = screen.page.getByRole("list", { name: words.test.results });
		await results.getByText(words.test.listening).waitFor();
		await results.getByText("Ben").waitFor();
		expect(screen.complaints).toEqual([]);
	});

	test("a space is told to stay on the local network", async ({ workshop }) => {
		const anna = await workshop.seat("Anna");
		const { words, screen } = anna.window;
		await anna.window.startsSpace(SPACE);
		await opensThisSpace(anna.window);
		await anna.window.sees("heading", words.reach.title);
		const local = screen.page.getByRole("radio", { name: words.reach.local });
		await screen.page.getByText(words.reach.local, { exact: true }).click();
		await anna.window.seesText(words.reach.changed.local);
		await until("the choice to stay", async () => local.isChecked());
	});
});
