// Times what people see, in real Chromium pages: how soon a letter is painted
// where it is typed and in the other window, and what it costs the page's main
// thread. Started by pages.go with its instructions as JSON in the first
// argument; prints one JSON object of lists of samples.
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../frontend/package.json", import.meta.url))("playwright-core");

const plan = JSON.parse(process.argv[2]);
const TEXT = ".ProseMirror";
const PATIENCE = 60_000;

const flags = [
	"--no-sandbox",
	"--disable-gpu",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

const browsers = [];

/** A browser of its own that opens a node's link right in a document. */
async function openPage({ link, space, document }) {
	const browser = await chromium.launch({ executablePath: plan.chromium, args: flags });
	browsers.push(browser);
	const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
	page.setDefaultTimeout(PATIENCE);
	const place = JSON.stringify({ space, document });
	await page.addInitScript((place) => localStorage.setItem("parley.place", place), place);
	await page.goto(link);
	await page.locator(TEXT).waitFor();
	return page;
}

/** A page with the same text and nothing else: no editor, no styles, no code of ours. */
async function openBare(page) {
	const html = await page.locator(TEXT).innerHTML();
	const bare = await page.context().browser().newPage({ viewport: { width: 1280, height: 860 } });
	await bare.setContent(`<div class="ProseMirror" contenteditable="true" style="white-space: pre-wrap">${html}</div>`);
	return bare;
}

/** Puts the caret into the last block. */
async function sitAtTheEnd(page) {
	await page.locator(TEXT).focus();
	await page.keyboard.press("Control+End");
}

/**
 * Makes the page note, for every change of its text, when the change was painted: the frame after the mutation
 * has been drawn. And for every key, when it went down. Both in milliseconds since 1970, so that two pages on one
 * machine can be compared.
 */
async function watchPaints(page) {
	await page.evaluate((selector) => {
		const now = () => performance.timeOrigin + performance.now();
		window.benchKeys = [];
		window.benchPaints = [];
		const channel = new MessageChannel();
		channel.port1.onmessage = () => window.benchPaints.push(now());
		new MutationObserver(() => requestAnimationFrame(() => channel.port2.postMessage(0))).observe(
			document.querySelector(selector),
			{ childList: true, characterData: true, subtree: true },
		);
		addEventListener("keydown", () => window.benchKeys.push(now()), { capture: true });
	}, TEXT);
}

const clear = (page) =>
	page.evaluate(() => {
		window.benchKeys.length = 0;
		window.benchPaints.length = 0;
	});

const firstPaint = async (page) => (await page.waitForFunction(() => window.benchPaints[0])).jsonValue();

/** Types letters in one page and times each until it is painted in the other. */
async function timeAcross(writer, reader) {
	await Promise.all([watchPaints(writer), watchPaints(reader)]);
	await sitAtTheEnd(writer);
	const samples = [];
	for (let i = 0; i < plan.warmUp + plan.letters; i++) {
		await Promise.all([clear(writer), clear(reader)]);
		await writer.keyboard.press(String.fromCharCode(97 + (i % 26)));
		const painted = await firstPaint(reader);
		const down = await writer.evaluate(() => window.benchKeys[0]);
		if (i >= plan.warmUp) samples.push(painted - down);
	}
	return samples;
}

/**
 * Types letters in one page. `work` is the time that the page's main thread was busy per letter, by the browser's
 * own account; `painted` the time from the key to its paint.
 */
async function timeLocally(page) {
	await watchPaints(page);
	await sitAtTheEnd(page);
	const session = await page.context().newCDPSession(page);
	await session.send("Performance.enable");
	const busy = async () => {
		const { metrics } = await session.send("Performance.getMetrics");
		return 1000 * metrics.find(({ name }) => name === "TaskDuration").value;
	};
	const work = [];
	const painted = [];
	for (let i = 0; i < plan.warmUp + plan.letters; i++) {
		await clear(page);
		const before = await busy();
		await page.keyboard.press(String.fromCharCode(97 + (i % 26)));
		const at = await firstPaint(page);
		const after = await busy();
		if (i < plan.warmUp) continue;
		work.push(after - before);
		painted.push(at - (await page.evaluate(() => window.benchKeys[0])));
	}
	return { work, painted };
}

/** Times a fresh page from its address to a text that can be written. */
async function timeStarts() {
	const browser = await chromium.launch({ executablePath: plan.chromium, args: flags });
	browsers.push(browser);
	const samples = [];
	for (let i = 0; i < plan.starts; i++) {
		const page = await browser.newPage();
		const place = JSON.stringify(plan.start);
		await page.addInitScript((place) => localStorage.setItem("parley.place", place), place);
		await page.goto(plan.start.link);
		const ready = await page.waitForFunction((selector) => {
			const text = document.querySelector(`${selector}[contenteditable=true]`);
			return text?.textContent ? performance.now() : undefined;
		}, TEXT);
		samples.push(await ready.jsonValue());
		await page.close();
	}
	return samples;
}

/** The process that draws a page, for whoever measures its memory. */
async function rendererOf(page) {
	const session = await page.context().browser().newBrowserCDPSession();
	const { processInfo } = await session.send("SystemInfo.getProcessInfo");
	return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
}

/** Answers after the reader of the memory has pressed Enter on our standard input. */
const enter = () => new Promise((resolve) => process.stdin.once("data", resolve));

try {
	const result = {};
	if (plan.first) {
		const [writer, reader] = await Promise.all([openPage(plan.first), openPage(plan.second)]);
		result.across = await timeAcross(writer, reader);
		const large = await openPage(plan.large);
		const bare = await openBare(large);
		result.bare = (await timeLocally(bare)).work;
		await bare.close();
		Object.assign(result, await timeLocally(large));
	}
	if (plan.start) {
		result.starts = await timeStarts();
		const page = await openPage(plan.start);
		result.renderers = await rendererOf(page);
		console.log(JSON.stringify(result));
		await enter();
	} else {
		console.log(JSON.stringify(result));
	}
} finally {
	await Promise.all(browsers.map((browser) => browser.close()));
	process.stdin.destroy();
}
