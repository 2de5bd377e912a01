import { resolve } from "node:path";
import type { BrowserContextOptions } from "playwright-core";
import { ChromiumScreen } from "./chromium";
import type { Window } from "./window";
import { words } from "./words";
import type { Seat, Workshop } from "./workshop";

/** A proposal of two pages with everything that a text can have. */
const SAMPLE = resolve(import.meta.dirname, "../../../app/command/sample/bus-stop.md");
const TITLE = "A better bus stop";

/** One way the window can look. */
export interface Look {
	browser?: BrowserContextOptions;
	/** What the window's settings say. */
	preferences?: { theme?: string; textSize?: number; language?: string };
	/** Mirrored, as for a language that is written from right to left. */
	mirrored?: boolean;
}

const narrow = { width: 390, height: 844 };

export const looks: Record<string, Look> = {
	light: { preferences: { theme: "light" } },
	dark: { preferences: { theme: "dark" } },
	contrast: { preferences: { theme: "contrast" } },
	forced: { browser: { forcedColors: "active" } },
	narrow: { browser: { viewport: narrow, hasTouch: true } },
	tablet: { browser: { viewport: { width: 768, height: 1024 } } },
	large: { preferences: { textSize: 200 } },
	german: { preferences: { language: "de" } },
	mirrored: { mirrored: true },
};

export type Visit = (screen: string, window: Window<ChromiumScreen>) => Promise<void>;

/** Visits every screen there is, in one look. Somebody else is there and writes, so that carets and names show. */
export async function tour(workshop: Workshop, look: Look, visit: Visit): Promise<void> {
	const ben = await workshop.seat("Ben Adeyemi");
	await ben.window.startsSpace("Mill Lane neighbours");
	const anna = await arrives(workshop, look, ben, visit);
	await visitDocument(anna, ben, visit);
	await visitDialogs(anna, visit);
	await visitTrouble(workshop, anna, look, visit);
}

/** From the first start into a space that has nothing yet, and then the sample. */
async function arrives(workshop: Workshop, look: Look, ben: Seat, visit: Visit): Promise<Seat> {
	const peer = await workshop.device("Anna Okafor");
	const window = await workshop.window("Anna Okafor", peer, { browser: look.browser, prepare: preparation(look) });
	await window.sees("textbox", /./);
	await visit("01-first-start", window);
	await window.screen.key("Enter");
	await visit("02-first-start-without-a-name", window);
	await window.screen.type("Anna Okafor");
	await window.screen.key("Enter");
	await window.sees("heading", /Anna Okafor/);
	await visit("03-home", window);

	await peer.command("join", await ben.window.invites());
	const [space] = await peer.command<{ id: string }>("space", "list");
	await window.screen.page.reload();
	await window.findsWay("button", "Mill Lane neighbours");
	await window.sees("heading", "Mill Lane neighbours");
	await visit("04-space-without-documents", window);
	await peer.command("document", "create", space?.id ?? "", "--kind", "text", "--title", TITLE, "--from", SAMPLE);
	await window.sees("button", new RegExp(`^${TITLE}`));
	await visit("05-space", window);
	return { peer, window };
}

async function visitDocument({ window }: Seat, ben: Seat, visit: Visit): Promise<void> {
	await window.screen.press("button", new RegExp(`^${TITLE}`));
	await window.sees("textbox", /^(Text of the document|Text des Dokuments)$/);
	await ben.window.opensDocument(TITLE);
	await ben.window.writesAtTheStart("");
	await window.screen.page.locator(".ProseMirror h1").first().click();
	await visit("06-document", window);
}

async function visitDialogs({ window }: Seat, visit: Visit): Promise<void> {
	const { page } = window.screen;
	await page.keyboard.press("Control+k");
	await page.getByRole("dialog").waitFor();
	await visit("07-link", window);
	await page.keyboard.press("Escape");
	await page.keyboard.press("F1");
	await page.getByRole("dialog").waitFor();
	await visit("08-keyboard", window);
	await page.keyboard.press("Escape");
}

async function visitTrouble(workshop: Workshop, anna: Seat, look: Look, visit: Visit): Promise<void> {
	await anna.peer.dies();
	await visit("20-connection-lost", anna.window);
	await anna.peer.start();
	const link = anna.peer.serving.web.replace(/#.*/, "#token=wrong");
	const stranger = await workshop.window("Stranger", anna.peer, { browser: look.browser, prepare: preparation(look), link });
	await stranger.sees("heading", words.connection.refusedTitle);
	await visit("21-link-refused", stranger);
}

/** The body of a script that a page runs before its own. */
function preparation({ preferences, mirrored }: Look): string {
	const keep = `localStorage.setItem("parley.preferences", ${JSON.stringify(JSON.stringify(preferences ?? {}))});`;
	const mirror = `new MutationObserver(() => { if (document.documentElement.dir !== "rtl") document.documentElement.dir = "rtl"; })
		.observe(document, { attributes: true, childList: true, subtree: true });`;
	return mirrored ? keep + mirror : keep;
}
