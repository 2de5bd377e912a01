import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { test as base } from "vitest";
import { CHROMIUM, ChromiumScreen, type Looks, openChromium } from "./chromium";
import type { Computer } from "./network";
import { Peer } from "./peer";
import { Window } from "./window";
import type { Words } from "./words";

/** What is left to look at after a failure. */
const REMAINS = join(import.meta.dirname, "../screenshots/failures");

/** One person at the table: a device of their own and a window on it. */
export interface Seat {
	peer: Peer;
	window: Window<ChromiumScreen>;
}

/** What is special about a window. */
export interface Opening extends Looks {
	/** The computer that its browser runs on. */
	computer?: Computer;
	/** Another link than the one the device's node printed. */
	link?: string;
	/** The words it shows, where they are not English. */
	words?: Words;
}

/** A table with people at it, each with a real node and a real browser page. All of it ends with the test. */
export class Workshop {
	readonly #browser: Browser;
	readonly #peers: Peer[] = [];
	readonly #windows: Window<ChromiumScreen>[] = [];
	readonly #afterwards: (() => Promise<void>)[] = [];

	constructor(browser: Browser) {
		this.#browser = browser;
	}

	/** Somebody comes in, starts Parley for the first time, and says who they are. */
	async seat(person: string, computer?: Computer, folder?: string): Promise<Seat> {
		const peer = await this.device(person, computer, folder);
		const window = await this.window(person, peer, computer ? { computer } : {});
		await window.introduces();
		return { peer, window };
	}

	/** A running device that nobody looks at yet. */
	async device(name: string, computer?: Computer, folder?: string): Promise<Peer> {
		const peer = await Peer.create(name, computer, folder);
		this.#peers.push(peer);
		await peer.start();
		return peer;
	}

	/** A window on a device, in a browser profile of its own. */
	async window(person: string, peer: Peer, opening: Opening = {}): Promise<Window<ChromiumScreen>> {
		const browser = opening.computer ? await this.#browserOn(opening.computer) : this.#browser;
		const screen = await ChromiumScreen.open(browser, opening.link ?? peer.serving.web, opening);
		const window = new Window(person, screen, opening.words);
		this.#windows.push(window);
		return window;
	}

	/** A browser that sees only what that computer sees. */
	async #browserOn(computer: Computer): Promise<Browser> {
		const browser = await openChromium(await computer.wrapper(CHROMIUM));
		this.afterwards(() => browser.close());
		return browser;
	}

	/** What else must end with the test, last first. */
	afterwards(end: () => Promise<void>): void {
		this.#afterwards.unshift(end);
	}

	/** Pictures of every window and the nodes' own words, for whoever asks why a test failed. */
	async remains(test: string): Promise<string> {
		await mkdir(REMAINS, { recursive: true });
		const name = test.replace(/\W+/g, "-");
		for (const { person, screen } of this.#windows) {
			await screen.page.screenshot({ path: join(REMAINS, `${name}-${person}.png`) });
		}
		const complaints = this.#windows.flatMap(({ person, screen }) =>
			screen.complaints.map((complaint) => `${person}'s window: ${complaint}`),
		);
		return [...complaints, ...this.#peers.map((peer) => `${peer.name}'s node:\n${peer.log}`)].join("\n");
	}

	async close(): Promise<void> {
		for (const { screen } of this.#windows) await screen.close();
		for (const peer of this.#peers) await peer.close();
		for (const end of this.#afterwards) await end();
	}
}

/** A test with a workshop of its own. */
export const test = base.extend<{ workshop: Workshop }>({
	workshop: async ({ task }, use) => {
		const browser = await openChromium();
		const workshop = new Workshop(browser);
		await use(workshop);
		if (task.result?.state === "fail") console.error(await workshop.remains(task.name));
		await workshop.close();
		await browser.close();
	},
});
