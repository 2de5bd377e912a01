import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { ChromiumScreen } from "./stage/chromium";
import { DesktopScreen } from "./stage/desktop";
import type { Peer } from "./stage/peer";
import { until } from "./stage/until";
import { Window } from "./stage/window";
import { words } from "./stage/words";
import { test, type Workshop } from "./stage/workshop";

const SPACE = "Mill Lane neighbours";
const TITLE = "A better bus stop";
const PASSPHRASE = "the heron eats at dusk";

/** A file with the passphrase in it, for a command. */
async function passphraseFile(workshop: Workshop): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), "parley-e2e-passphrase-"));
	workshop.afterwards(() => rm(folder, { recursive: true, force: true }));
	const file = join(folder, "passphrase");
	await writeFile(file, `${PASSPHRASE}\n`, { mode: 0o600 });
	return file;
}

async function lock(workshop: Workshop, peer: Peer): Promise<void> {
	await peer.command("key", "passphrase", "--new-passphrase-file", await passphraseFile(workshop));
}

function passwordFocused({ screen }: Window<ChromiumScreen>): Promise<boolean> {
	return screen.page.evaluate("document.activeElement?.matches('input[type=password]') ?? false");
}

async function unlocks(window: Window<ChromiumScreen>): Promise<void> {
	await until("the passphrase to have the focus", () => passwordFocused(window));
	await window.screen.type(PASSPHRASE);
	await window.screen.key("Enter");
}

describe("a device that is locked with a passphrase", () => {
	test("asks for it, says that a wrong one is wrong, and opens with the right one", async ({ workshop }) => {
		const { peer, window } = await workshop.seat("Anna");
		await window.startsSpace(SPACE);
		await lock(workshop, peer);
		await peer.stops();
		await peer.start();
		expect(peer.serving.device).toBe("");

		const again = await workshop.window("Anna", peer);
		const { screen } = again;
		await again.sees("heading", words.lock.title);
		await until("the passphrase to have the focus", () => passwordFocused(again));
		await screen.key("Enter");
		await again.seesText(words.lock.missing);
		for (const wrong of ["not this one", "nor that one", "and a third one"]) {
			await screen.key("Control+a");
			await screen.type(wrong);
			await screen.key("Enter");
			await again.seesText(words.lock.wrong);
			await until("the field to have the focus again", () => passwordFocused(again));
			expect(await screen.page.locator("input[type=password]").getAttribute("aria-invalid")).toBe("true");
		}
		await screen.press("switch", words.lock.show);
		await screen.press("textbox", words.lock.passphrase);
		await screen.key("Control+a");
		await screen.type(PASSPHRASE);
		expect(await screen.value(words.lock.passphrase)).toBe(PASSPHRASE);
		await screen.key("Enter");
		await again.sees("heading", SPACE);
		expect(await screen.page.title()).not.toContain(words.lock.title);
	});

	test("keeps what a window could not save, until somebody unlocks it in another", async ({ workshop }) => {
		const { peer, window } = await workshop.seat("Anna");
		await window.startsSpace(SPACE);
		await window.startsDocument(TITLE);
		await window.clicksIntoText();
		await window.writes("Saved before. ");
		await window.seesText(words.status.saved);
		await lock(workshop, peer);
		await peer.dies();
		await window.seesText(words.connection.lost);
		await window.clicksIntoText();
		await window.screen.key("Control+End");
		await window.writes("Written while it was gone.");

		await peer.start();
		await window.sees("heading", words.lock.title);
		const elsewhere = await workshop.window("Anna", peer);
		await unlocks(elsewhere);
		await elsewhere.sees("heading", SPACE);
		await until(
			"the text of both times to be saved",
			async () => (await peer.onlyDocument("text")) === "Saved before. Written while it was gone.\n",
		);
		await window.reads("Saved before. Written while it was gone.");
		expect(await window.screen.has("heading", words.lock.title)).toBe(false);
	});

	test("gets and loses its passphrase in the settings", async ({ workshop }) => {
		const { peer, window } = await workshop.seat("Anna");
		const { screen } = window;
		const guard = async () => (await peer.command<{ guard: string }>("key"))[0]?.guard;
		const fill = async (label: string, text: string) => {
			await screen.page.getByLabel(label, { exact: true }).fill(text);
		};
		await window.opensMenu(words.sidebar.settings);
		await window.seesText(words.protect.file);

		await screen.press("button", words.protect.set);
		await fill(words.protect.new, "short");
		await screen.press("button", words.protect.save);
		await window.seesText(words.protect.short);
		await fill(words.protect.new, PASSPHRASE);
		await fill(words.protect.again, "something else");
		await screen.press("button", words.protect.save);
		await window.seesText(words.protect.differs);
		await fill(words.protect.again, PASSPHRASE);
		await screen.press("button", words.protect.save);
		await window.seesText(words.protect.passphrase);
		expect(await guard()).toBe("passphrase");

		await screen.press("button", words.protect.remove);
		await fill(words.protect.current, "not this one");
		await screen.page.getByText(words.protect.inFile, { exact: true }).click();
		await screen.press("button", words.protect.save);
		await window.seesText(words.lock.wrong);
		expect(await guard()).toBe("passphrase");
		await fill(words.protect.current, PASSPHRASE);
		await screen.press("button", words.protect.save);
		await window.seesText(words.protect.file);
		expect(await guard()).toBe("file");

		// No keyring is used in these tests.
		await screen.press("button", words.protect.useKeyring);
		await window.seesText(words.protect.noKeyring);
		expect(await guard()).toBe("file");
	});

	test("opens the desktop program's window first, and itself in that window", async ({
		workshop,
		onTestFailed,
	}) => {
		const { peer, window } = await workshop.seat("Anna");
		await window.startsSpace(SPACE);
		await lock(workshop, peer);
		await peer.stops();

		const screen = await DesktopScreen.open(peer.data);
		workshop.afterwards(() => screen.close());
		onTestFailed(async () => console.error(await screen.remains()));
		const anna = new Window("Anna", screen);
		await anna.sees("heading", words.lock.title);
		await until("the passphrase to have the focus", async () =>
			(await screen.tree()).some(({ role, focused }) => role === "password text" && focused),
		);
		await screen.type("not this one");
		await screen.key("Enter");
		await anna.seesText(words.lock.wrong);
		await screen.key("Control+a");
		await screen.type(PASSPHRASE);
		await screen.key("Enter");
		await anna.sees("heading", SPACE);
		await screen.quits();
	});
});
