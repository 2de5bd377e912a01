import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { Cable } from "./stage/network";
import { opensThisSpace } from "./stage/space";
import { until } from "./stage/until";
import { fill } from "./stage/words";
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
	test("is said in the document and in the list, also while the other is away", { timeout: 180_000 }, async ({
		workshop,
	}) => {
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

describe("a newcomer", () => {
	test("sees the titles first, and how far the rest is", { timeout: 180_000 }, async ({ workshop }) => {
		const cable = await Cable.lay();
		workshop.afterwards(() => cable.close());
		const anna = await workshop.seat("Anna", cable.first);
		const ben = await workshop.seat("Ben", cable.second);
		await anna.window.startsSpace(SPACE);
		const [space] = await anna.peer.command<{ id: string }>("space", "list");
		const count = 4;
		const folder = await mkdtemp(join(tmpdir(), "parley-e2e-plans-"));
		workshop.afterwards(() => rm(folder, { recursive: true }));
		for (let number = 1; number <= count; number++) {
			// As long as it takes to see it come, and no two alike.
			const words = Array.from({ length: 8_000 }, (_, at) => ((at + number) * 2654435761) % 4294967296);
			await writeFile(join(folder, "plan.md"), words.map((word) => word.toString(36)).join(" "));
			const from = ["--title", `Plan ${number}`, "--from", join(folder, "plan.md")];
			await anna.peer.command("document", "create", space?.id ?? "", ...from);
		}
		const code = await anna.window.invites();
		// So slow a line that one sees it come.
		await cable.narrow(600);
		// Whatever the page is told of how it gets on, it keeps.
		const { page } = ben.window.screen;
		await page.evaluate(`
			window.progressSeen = [];
			new MutationObserver(() => {
				const bar = document.querySelector("[role=progressbar]");
				if (bar) window.progressSeen.push(bar.innerText + "|" + bar.getAttribute("aria-valuenow"));
			}).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
		`);
		await ben.window.joins(code, SPACE);
		await page.getByRole("progressbar").waitFor();
		// The titles are there before what they name.
		await ben.window.sees("link", new RegExp(`^Plan ${count}`));
		expect(await page.getByRole("progressbar").isVisible()).toBe(true);
		const marks = page.getByRole("img", { name: ben.window.words.has.everyone });
		await until("all documents to be there", async () => (await marks.count()) === count);
		await page.getByRole("progressbar").waitFor({ state: "detached" });
		const seen = (await page.evaluate("window.progressSeen")) as string[];
		expect(seen.length).toBeGreaterThan(0);
		const { words } = ben.window;
		for (const text of seen) {
			expect(text).toMatch(
				new RegExp(fill(words.catching.title_other, { name: ".*", done: "\\d+", count: `${count}` })),
			);
		}
	});
});

describe("the network screen", () => {
	test("says by name how somebody is reached, and what works", { timeout: 180_000 }, async ({ workshop }) => {
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

	test("a space is looked for widely, with computers that somebody enters", async ({ workshop }) => {
		const anna = await workshop.seat("Anna");
		const { words, screen } = anna.window;
		await anna.window.startsSpace(SPACE);
		await opensThisSpace(anna.window);
		await anna.window.sees("heading", words.reach.title);
		await anna.window.seesText(words.reach.wideHint);
		const field = screen.page.getByLabel(words.bootstrap.label);
		expect(await field.count()).toBe(0);
		await screen.page.getByText(words.reach.wide, { exact: true }).click();
		await anna.window.seesText(words.reach.changed.wide);
		await anna.window.seesText(words.bootstrap.none);

		await field.fill("library.example");
		await screen.press("button", words.bootstrap.save);
		await anna.window.seesText(fill(words.bootstrap.wrong, { address: "library.example" }));
		expect(await field.getAttribute("aria-invalid")).toBe("true");

		const address = "/ip4/127.0.0.1/tcp/9/p2p/12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust";
		await field.fill(address);
		await screen.press("button", words.bootstrap.save);
		await anna.window.seesText(words.bootstrap.saved);
		await anna.window.seesText(words.bootstrap.quiet); // there is nobody to look for
		await screen.page.reload();
		await until("the address to be kept", async () => (await field.inputValue()) === address);

		await screen.page.getByText(words.reach.direct, { exact: true }).click();
		await field.waitFor({ state: "detached" });
		expect(screen.complaints).toEqual([]);
	});
});
