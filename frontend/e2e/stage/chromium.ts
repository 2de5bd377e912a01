import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { LINES_SCRIPT, type Name, type Role, type Screen } from "./screen";
import { PATIENCE } from "./until";

/** Debian's. */
export const CHROMIUM = "/usr/bin/chromium";

/** A browser that draws for nobody's eyes but the tests'. */
export async function openChromium(executablePath = CHROMIUM): Promise<Browser> {
	return await chromium.launch({
		executablePath,
		// Root, as on most CI machines, cannot have Chromium's sandbox; the pages are ours.
		chromiumSandbox: process.getuid?.() !== 0,
		args: ["--disable-gpu", "--disable-dev-shm-usage"],
	});
}

/** How a page is shown, where that is not as usual. */
export interface Looks {
	browser?: BrowserContextOptions;
	/** A script that runs in the page before its own. */
	prepare?: string;
	/** What becomes of each message on its way between the page and its node. */
	tamper?: { toPage(message: string): string; toNode(message: string): string };
}

/** One page in a browser profile of its own: one person's window. */
export class ChromiumScreen implements Screen {
	readonly page: Page;
	/** What the page complained about: every error that nobody caught, every request that failed or left. */
	readonly complaints: string[] = [];

	private constructor(page: Page) {
		this.page = page;
		page.setDefaultTimeout(PATIENCE);
		page.on("pageerror", (error) => this.complaints.push(`${error.stack ?? error}`));
		page.on("console", (message) => {
			if (message.type() === "error") this.complaints.push(message.text());
		});
		page.on("request", (request) => {
			const { hostname, protocol } = new URL(request.url());
			if (protocol.startsWith("http") && hostname !== "127.0.0.1") {
				this.complaints.push(`a request left the machine: ${request.url()}`);
			}
		});
	}

	static async open(browser: Browser, link: string, looks: Looks = {}): Promise<ChromiumScreen> {
		const context = await browser.newContext({
			viewport: { width: 1280, height: 860 },
			locale: "en-GB",
			permissions: ["clipboard-read", "clipboard-write"],
			...looks.browser,
		});
		if (looks.prepare !== undefined) await context.addInitScript(looks.prepare);
		const screen = new ChromiumScreen(await context.newPage());
		const { tamper } = looks;
		if (tamper !== undefined) {
			await screen.page.routeWebSocket(/\/socket$/, (page) => {
				const node = page.connectToServer();
				page.onMessage((message) => node.send(tamper.toNode(String(message))));
				node.onMessage((message) => page.send(tamper.toPage(String(message))));
			});
		}
		await screen.page.goto(link);
		return screen;
	}

	async press(role: Role, name: Name): Promise<void> {
		const thing = this.#one(role, name);
		// What one sees and clicks of a switch is its label.
		await (role === "switch" ? thing.locator("xpath=ancestor::label") : thing).click();
	}

	async has(role: Role, name: Name): Promise<boolean> {
		return await this.#one(role, name).isVisible();
	}

	async type(text: string): Promise<void> {
		await this.page.keyboard.type(text);
	}

	async key(chord: string): Promise<void> {
		await this.page.keyboard.press(chord);
		// Nobody presses the next key before the page has drawn what this one did.
		await this.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))");
	}

	/** Waits until a dialog that is there can be seen: where there is touch, it waits for a keyboard to come up. */
	async seesDialogs(): Promise<void> {
		await this.page.waitForFunction(
			() =>
				matchMedia("print").matches || // paper has none
				[...document.querySelectorAll("[role=dialog]")].every((dialog) =>
					dialog.checkVisibility({ opacityProperty: true }),
				),
		);
	}

	async value(name: Name): Promise<string> {
		return await this.#one("textbox", name).inputValue();
	}

	async text(): Promise<string> {
		return (await this.page.evaluate("document.body.innerText")) as string;
	}

	async lines(): Promise<string[]> {
		return (await this.page.evaluate(`(() => {${LINES_SCRIPT}})()`)) as string[];
	}

	/** Waits for somebody's caret. It is drawn for the eye alone, so it has no role to find it by. */
	async seesCaretOf(person: string): Promise<void> {
		await this.page.locator(`.text-editor-caret [data-name="${person}"]`).waitFor({ state: "attached" });
	}

	/** Closes the page as a person does who says that they are sure, should the page ask. */
	async leaves(): Promise<void> {
		this.page.on("dialog", (dialog) => void dialog.accept());
		const closed = this.page.waitForEvent("close");
		await this.page.close({ runBeforeUnload: true });
		await closed;
	}

	async close(): Promise<void> {
		await this.page.context().close();
	}

	#one(role: Role, name: Name) {
		return this.page.getByRole(role, { name, exact: true }).first();
	}
}
