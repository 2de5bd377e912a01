import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { BrowserContextOptions } from "playwright-core";
import type { ChromiumScreen } from "./chromium";
import { visitDevices, visitVerification, visitWaysBack } from "./deviceScreens";
import type { Peer } from "./peer";
import { visitPeople } from "./peopleScreens";
import type { Window } from "./window";
import { any, catalogues } from "./words";
import type { Opening, Seat, Workshop } from "./workshop";

/** A proposal of two pages with everything that a text can have. */
const SAMPLE = resolve(import.meta.dirname, "../../../app/command/sample/bus-stop.md");
const SPACE = "Mill Lane neighbours";
const TITLE = "A better bus stop";

/** One way the window can look. */
export interface Look {
	browser?: BrowserContextOptions;
	/** What the window's settings say. */
	preferences?: { theme?: string; textSize?: number; language?: string };
}

const narrow = { width: 390, height: 844 };

export const looks = {
	light: { preferences: { theme: "light" } },
	dark: { preferences: { theme: "dark" } },
	contrast: { preferences: { theme: "contrast" } },
	forced: { browser: { forcedColors: "active" } },
	narrow: { browser: { viewport: narrow, hasTouch: true } },
	tablet: { browser: { viewport: { width: 768, height: 1024 } } },
	large: { preferences: { textSize: 200 } },
	german: { preferences: { language: "de" } },
	arabic: { preferences: { language: "ar" } },
} satisfies Record<string, Look>;

export type Visit = (screen: string, window: Window<ChromiumScreen>) => Promise<void>;

/** Visits every screen there is, in one look. Somebody else is there and writes, so that carets and names show. */
export async function tour(workshop: Workshop, look: Look, see: Visit): Promise<void> {
	const visit: Visit = async (screen, window) => {
		await window.screen.seesDialogs();
		await see(screen, window);
	};
	const ben = await workshop.seat("Ben Adeyemi");
	await ben.window.startsSpace(SPACE);
	const anna = await arrives(workshop, look, ben, visit);
	await visitDocument(anna.window, ben, visit);
	await visitShelf(anna, visit);
	await visitDialogs(anna.window, visit);
	await visitVerification(anna.window, "Ben Adeyemi", visit);
	await visitDevices(workshop, anna, visit);
	await visitInvitations(anna, visit);
	await visitPeople(workshop, anna, ben, visit);
	await visitTrouble(workshop, anna, look, visit);
	await visitNotices(workshop, ben, look, visit);
}

/** From the first start to a space, first without documents, then with the sample. */
async function arrives(workshop: Workshop, look: Look, ben: Seat, visit: Visit): Promise<Seat> {
	const peer = await workshop.device("Anna Okafor");
	const window = await workshop.window("Anna Okafor", peer, opening(look));
	const { words, screen } = window;
	await window.sees("textbox", words.first.name);
	await visit("first-start", window);
	await screen.press("button", words.first.start);
	await window.seesText(words.first.nameMissing);
	await visit("first-start-without-a-name", window);
	await visitWaysBack(window, visit);
	await window.introduces();
	await visit("home", window);

	await screen.press("button", words.join.sameRoom);
	await screen.press("textbox", words.join.words);
	await visit("join-in-the-same-room", window);
	await window.closesDialog();
	await screen.press("button", words.home.join);
	await screen.press("textbox", words.join.code);
	await visit("join", window);
	await screen.type("PARLEY1-HALF");
	await screen.press("button", words.join.join);
	await window.seesText(words.error.malformed);
	await visit("join-with-half-a-code", window);
	await window.closesDialog();
	await window.joins(await ben.window.invites(), SPACE);
	await window.sees("button", words.space.newDocument);
	await visit("space-without-documents", window);

	const [space] = await peer.command<{ id: string }>("space", "list");
	await peer.command(
		...["document", "create", space?.id ?? "", "--kind", "text"],
		...["--title", TITLE, "--from", SAMPLE],
	);
	await window.sees("link", new RegExp(`^${TITLE}`));
	await visit("space", window);
	return { peer, window };
}

async function visitDocument(window: Window<ChromiumScreen>, ben: Seat, visit: Visit): Promise<void> {
	await window.opensDocument(TITLE);
	await ben.window.opensDocument(TITLE);
	await ben.window.writesAtTheStart("Our ");
	await window.screen.seesCaretOf("Ben Adeyemi");
	await visit("document", window);
	await window.screen.press("button", window.words.authors.show);
	await window.seesText(window.words.authors.hint);
	await visit("who-wrote-what", window);
	await window.screen.press("button", window.words.authors.show);
	await window.screen.press("button", new RegExp(`^${window.words.has.title}`));
	await window.sees("dialog", window.words.has.title);
	await visit("who-has-this", window);
	await window.closesDialog();
	await window.clicksIntoText(); // The dialog gave the focus back to its button.
	await window.screen.page.keyboard.press("Control+k");
	await window.sees("dialog", /.*/);
	await visit("link", window);
	await window.closesDialog();
}

/** A page comes in that would do what nobody wants, and lacks what is said. */
async function visitBringIn(window: Window<ChromiumScreen>, visit: Visit): Promise<void> {
	const { words, screen } = window;
	await screen.press("button", words.paper.bringIn);
	await window.sees("dialog", words.paper.bringInTitle);
	await visit("bring-in", window);
	const chooser = screen.page.waitForEvent("filechooser");
	await screen.press("button", words.paper.choose);
	const buffer = Buffer.from(
		"<title>Notes</title><p>a<script></script><table><tr><td>b<td>c</table><img src=x alt=d>",
	);
	await (await chooser).setFiles({ name: "notes.html", mimeType: "", buffer });
	await screen.press("button", words.paper.bringInNow);
	await window.sees("dialog", words.paper.broughtTitle);
	await visit("brought-in", window);
	await window.closesDialog();
}

/** What is done with: another document, archived with the first, which is brought back. */
async function visitShelf({ peer, window }: Seat, visit: Visit): Promise<void> {
	const { words, screen } = window;
	const { shelf } = words;
	const [place] = await peer.command<{ id: string }>("space", "list");
	const old = ["document", "create", place?.id ?? "", "--title", "Minutes of the first evening"] as const;
	const [minutes] = await peer.command<{ document: string }>(...old);
	await peer.command("document", "archive", place?.id ?? "", minutes?.document ?? "");
	await screen.press("button", any(shelf.menu));
	await window.sees("menuitem", new RegExp(`^${shelf.archive}`));
	await visit("document-menu", window);
	await screen.press("menuitem", words.paper.saveAs);
	await window.sees("dialog", words.paper.saveTitle);
	await visit("save-as", window);
	await window.closesDialog();
	await screen.press("button", any(shelf.menu));
	await screen.press("menuitem", new RegExp(`^${shelf.archive}`));
	await window.seesText(shelf.strip);
	await visit("document-archived", window);
	await window.opensSpace(SPACE);
	await visitBringIn(window, visit);
	await screen.press("button", any(shelf.title));
	await visit("space-with-archived", window);
	await screen.press("link", new RegExp(`^${TITLE}`));
	await window.seesText(shelf.strip);
	await screen.page.getByRole("main").getByRole("button", { name: shelf.bringBack }).click();
	await window.sees("textbox", words.text.label);
	await window.seesNoMore("button", shelf.bringBack);
}

async function visitDialogs(window: Window<ChromiumScreen>, visit: Visit): Promise<void> {
	const { words } = window;
	for (const [name, entry] of [
		["settings", words.sidebar.settings],
		["network", words.sidebar.network],
		["keyboard", words.sidebar.keys],
		["about", words.sidebar.about],
	] as const) {
		await window.opensMenu(entry);
		await window.sees("dialog", /.*/);
		await visit(name, window);
		if (name === "settings") {
			await window.screen.press("button", words.protect.set);
			await visit("settings-passphrase", window);
		}
		if (name === "network") {
			await window.screen.press("button", words.test.start);
			await window.seesText(words.test.listening);
			await visit("network-tested", window);
		}
		await window.closesDialog();
	}
}

/** What only a facilitator sees: a space of one's own. */
async function visitInvitations({ window }: Seat, visit: Visit): Promise<void> {
	const { words, screen } = window;
	await window.startsAnotherSpace("Bus stop");
	await screen.press("button", words.space.invite);
	await visit("invite", window);
	await screen.press("button", words.invite.make);
	await window.sees("button", words.invite.copyCode);
	await visit("invitation", window);
	await window.closesDialog();
}

async function visitTrouble(
	workshop: Workshop,
	{ peer, window }: Seat,
	look: Look,
	visit: Visit,
): Promise<void> {
	const wrong = peer.serving.web.replace(/#.*/, "#token=wrong");
	const stranger = await workshop.window("Stranger", peer, { ...opening(look), link: wrong });
	await stranger.sees("heading", stranger.words.connection.refusedTitle);
	await visit("link-refused", stranger);
	await peer.dies();
	await window.seesText(window.words.connection.lost);
	await visit("connection-lost", window);
	await visitLocks(workshop, peer, look, visit);
}

/** What asks to be unlocked before there is anything else to see. */
async function visitLocks(workshop: Workshop, peer: Peer, look: Look, visit: Visit): Promise<void> {
	const file = join(peer.data, "passphrase");
	await writeFile(file, "the heron eats at dusk\n", { mode: 0o600 });
	await peer.command("key", "passphrase", "--new-passphrase-file", file);
	await peer.start();
	const locked = await workshop.window("Anna Okafor", peer, opening(look));
	const { words, screen } = locked;
	await locked.sees("heading", words.lock.title);
	await visit("locked", locked);
	await screen.page.locator("input[type=password]").fill("not this one");
	await screen.key("Enter");
	await locked.seesText(words.lock.wrong);
	await visit("locked-wrong-passphrase", locked);

	// A key in a keyring that nobody here can ask.
	await peer.stops();
	const key = join(peer.data, "store.key");
	const content = await readFile(key, "utf8"); // the same twice
	const { version, wrapped } = JSON.parse(content.slice(0, content.length / 2)) as {
		version: number;
		wrapped: string;
	};
	await writeFile(
		key,
		JSON.stringify({ version, guard: "keyring", entry: "0".repeat(32), wrapped }).repeat(2),
	);
	await peer.start();
	const waiting = await workshop.window("Anna Okafor", peer, opening(look));
	await waiting.sees("heading", words.lock.keyringTitle);
	await visit("locked-keyring", waiting);
	await waiting.screen.press("button", words.app.retry);
	await waiting.seesText(words.lock.keyringStill);
	await visit("locked-keyring-still", waiting);
}

/** The device's settings were damaged while it was off, and it knows of changes that it had to set aside. */
async function visitNotices(workshop: Workshop, { peer }: Seat, look: Look, visit: Visit): Promise<void> {
	const [space] = await peer.command<{ id: string; title: string }>("space", "list");
	const [document] = await peer.command<{ id: string }>("document", "list", space?.id ?? "");
	await peer.stops();
	// A file in the clear, as the first version that had notices left it.
	const aside = { id: "1", code: "set-aside", values: { person: "Anna Okafor", count: "3" } };
	const at = new Date(Date.now() - 86_400_000).toISOString();
	const kept = [{ ...aside, space: space?.id, document: document?.id, at }];
	await writeFile(join(peer.data, "notices.json"), JSON.stringify(kept));
	await writeFile(join(peer.data, "settings.json"), "{ damaged");
	await peer.start();
	const window = await workshop.window("Ben Adeyemi", peer, opening(look));
	await window.seesText("settings.json.damaged");
	await visit("notice", window);
	await window.screen.press("button", window.words.notice.dismiss);
	await window.opensSpace(SPACE);
	await window.opensDocument(TITLE);
	await window.sees("button", window.words.notice.dismiss);
	await visit("notice-in-the-document", window);
}

function opening({ browser, preferences }: Look): Opening {
	const kept = JSON.stringify(JSON.stringify(preferences ?? {}));
	const words = catalogues[preferences?.language ?? "en"];
	return {
		prepare: `if (!localStorage.getItem("parley.preferences")) localStorage.setItem("parley.preferences", ${kept});`,
		// Looked at when it stands still.
		browser: { reducedMotion: "reduce", ...browser },
		...(words ? { words } : {}),
	};
}
