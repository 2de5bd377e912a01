// One page in a Chromium of its own, with what text.mjs needs of it.
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../frontend/package.json", import.meta.url))("playwright-core");

const flags = [
	"--no-sandbox",
	"--disable-gpu",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

export async function openChromium() {
	const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
	const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
	page.setDefaultTimeout(60_000);
	return {
		go: (address) => page.goto(address),
		run: (script) => page.evaluate(`(() => { ${script} })()`),
		press: (chord) => page.keyboard.press(chord),
		/** The processes that may draw the page. */
		async renderers() {
			const session = await browser.newBrowserCDPSession();
			const { processInfo } = await session.send("SystemInfo.getProcessInfo");
			return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
		},
		close: () => browser.close(),
	};
}
