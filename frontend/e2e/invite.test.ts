import { readFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import { scans } from "./stage/scan";
import * as space from "./stage/space";
import { until } from "./stage/until";
import { any, fill, words } from "./stage/words";
import { type Seat, test, type Workshop } from "./stage/workshop";

const SPACE = "Mill Lane neighbours";

async function annaWithSpace(workshop: Workshop): Promise<Seat> {
	const anna = await workshop.seat("Anna");
	await anna.window.startsSpace(SPACE);
	return anna;
}

describe("an invitation that asks first", () => {
	test("lets nobody in before a facilitator says yes", async ({ workshop }) => {
		const anna = await annaWithSpace(workshop);
		const ben = await workshop.seat("Ben");
		await ben.window.triesCode(await space.invitesAsking(anna.window));
		await ben.window.seesText(words.join.waitingHint);
		expect(await ben.peer.command("space", "list")).toEqual([]);

		await anna.window.screen.press("button", words.requests.look);
		await anna.window.screen.press("button", fill(words.requests.acceptOf, { name: space.named("Ben") }));
		await anna.window.seesText(fill(words.requests.accepted, { name: space.named("Ben") }));
		await ben.window.sees("heading", SPACE);
	});

	test("tells who is declined", async ({ workshop }) => {
		const anna = await annaWithSpace(workshop);
		const ben = await workshop.seat("Ben");
		await ben.window.triesCode(await space.invitesAsking(anna.window));
		await ben.window.seesText(words.join.waitingHint);
		await ben.window.closesDialog();
		await ben.window.seesText(words.pending.title);
		// Where the sidebar is folded away, the way to it says so.
		const { page } = anna.window.screen;
		const wide = page.viewportSize() ?? expect.fail("no viewport");
		await page.setViewportSize({ ...wide, width: 390 });
		const asked = fill(words.requests.title_one, { count: 1 });
		await anna.window.sees("button", fill(words.sidebar.showWaiting, { requests: asked }));
		await page.setViewportSize(wide);
		await anna.window.screen.press("button", words.requests.look);
		await anna.window.screen.press("button", fill(words.requests.declineOf, { name: space.named("Ben") }));
		await ben.window.seesText(fill(words.notice.declined, { space: space.named(SPACE) }));
		expect(await ben.peer.command("space", "list")).toEqual([]);
	});
});

describe("an invitation travels", () => {
	test("as a link that is pasted, and as a file that is chosen", async ({ workshop }) => {
		const anna = await annaWithSpace(workshop);
		const { page } = anna.window.screen;
		await anna.window.screen.press("button", words.space.invite);
		await anna.window.screen.press("button", words.invite.make);
		await anna.window.screen.press("button", words.invite.copyLink);
		await space.hears(anna.window, words.invite.linkCopied);
		const link = (await page.evaluate("navigator.clipboard.readText()")) as string;
		expect(link).toMatch(/^parley:PARLEY1-/);
		const saved = page.waitForEvent("download");
		await anna.window.screen.press("button", words.invite.saveFile);
		const download = await saved;
		expect(download.suggestedFilename()).toMatch(/^Mill Lane neighbours.*\.parley-invite$/);
		const file = await download.path();
		expect((await readFile(file, "utf8")).trim()).toBe(link);

		const ben = await workshop.seat("Ben");
		await ben.window.joins(link, SPACE);
		const chidi = await workshop.seat("Chidi");
		await chidi.window.screen.press("button", words.home.join);
		const chooser = chidi.window.screen.page.waitForEvent("filechooser");
		await chidi.window.screen.press("button", words.join.chooseFile);
		await (await chooser).setFiles({
			name: download.suggestedFilename(),
			mimeType: "",
			buffer: await readFile(file),
		});
		await until("the code to be there", async () =>
			link.endsWith(await chidi.window.screen.value(words.join.code)),
		);
		await chidi.window.screen.press("button", words.join.join);
		await chidi.window.sees("heading", SPACE);
	});

	test("as a picture that is scanned, in any colours of the window", async ({ workshop }) => {
		const anna = await annaWithSpace(workshop);
		const { page } = anna.window.screen;
		await anna.window.screen.press("button", words.space.invite);
		await anna.window.screen.press("button", words.invite.make);
		await anna.window.screen.press("button", words.invite.copyLink);
		await space.hears(anna.window, words.invite.linkCopied);
		const link = (await page.evaluate("navigator.clipboard.readText()")) as string;
		for (const colours of [
			{ colorScheme: "light" },
			{ colorScheme: "dark" },
			{ forcedColors: "active" },
		] as const) {
			await page.emulateMedia(colours);
			const scanned = await scans(anna.window, words.invite.qr);
			expect(`parley:${scanned}`, JSON.stringify(colours)).toBe(link);
		}

		const ben = await workshop.seat("Ben");
		await ben.window.joins(await scans(anna.window, words.invite.qr), SPACE);
	});

	test("and is told from others in the list", async ({ workshop }) => {
		const anna = await annaWithSpace(workshop);
		await space.invitesAsking(anna.window);
		await anna.window.invites();
		await anna.window.screen.press("button", words.space.invite);
		await anna.window.seesText(words.invite.asks);
		await anna.window.seesText(fill(words.invite.used, { used: 0, uses: 20 }));
		await anna.window.screen.press("button", any(words.invite.withdrawOf));
		await anna.window.sees("button", fill(words.invite.over_one, { count: 1 }));
	});
});

describe("in the same room", () => {
	test("three words on the wall let in who types them, until they end", async ({ workshop }) => {
		const anna = await annaWithSpace(workshop);
		const ben = await workshop.seat("Ben");
		const chidi = await workshop.seat("Chidi");
		// They are near each other: connected, as on one network.
		for (const guest of [ben, chidi]) await space.meets(anna, guest);

		await space.opensPeople(anna.window);
		await anna.window.screen.press("button", words.room.open);
		await anna.window.screen.press("button", words.room.showWords);
		await anna.window.seesText(words.room.how);
		const wall = anna.window.screen.page
			.getByRole("region", { name: words.room.words })
			.getByRole("listitem");
		const shown = await wall.allInnerTexts();
		expect(shown).toHaveLength(3);

		await types(ben, "zoo zebra wellness");
		await ben.window.seesText(
			fill(words.join.nearWord, { number: 3, word: "wellness", nearest: "wealth" }).slice(0, 20),
		);
		await types(ben, "zoo zebra zone");
		await ben.window.seesText(words.error.otherWords);
		await types(ben, shown.join(" "));
		await ben.window.sees("heading", SPACE);
		await anna.window.seesText(fill(words.room.joined_one, { count: 1 }));
		await space.hears(anna.window, fill(words.room.came, { names: "Ben" }));

		await anna.window.screen.press("button", words.room.close);
		await anna.window.seesText(words.room.closed);
		await types(chidi, shown.join(" "));
		await chidi.window.seesText(words.error.otherWords);
	});
});

async function types({ window }: Seat, text: string): Promise<void> {
	const { screen } = window;
	if (!(await screen.has("dialog", words.join.title))) await screen.press("button", words.join.sameRoom);
	await screen.page.getByRole("textbox", { name: words.join.words }).fill(text);
	await screen.press("button", words.join.join);
}
