// What writing costs the main thread of a page that shows a long text, by the kernel's own account: the time that
// the thread which draws the page was on a processor, from just before a key until the page is quiet again. That
// counts everything (the editor, layout, painting, what is done a moment later), is the same measure in every
// engine, and does not count what else a busy machine does. Started by text.go with its instructions as JSON in
// the first argument; prints one JSON object.
//
// The plan: {"engine", "rounds": {"keys", "actions"}, "writer", "reader", "bare"}. Writer and reader are pages:
// {"link"}, or of a Parley {"link", "place", "title", "other"}: the document that it is to open, its title, and
// that of another one, which is short. With "bare" the page is the writer's text in a plain editable element.
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { openChromium } from "./chromium.mjs";
import { openWebKit } from "./webkit.mjs";

const plan = JSON.parse(process.argv[2]);
const open = { chromium: openChromium, webkit: openWebKit }[plan.engine];
const TEXT = ".ProseMirror[contenteditable=true]";
const SETTLED = 3; // looks in a row that found the page quiet
const LOOK = 15; // milliseconds between looks
const QUIET = 0.3; // milliseconds of work between two looks that are no work
const PATIENCE = 60_000;
const PAGE = 30; // blocks that are a page of text, about 3,000 characters

/** Milliseconds that the main thread of a process has run. */
async function ran(pid) {
	const [nanoseconds] = (await readFile(`/proc/${pid}/task/${pid}/schedstat`, "utf8")).split(" ");
	return Number(nanoseconds) / 1e6;
}

/** Waits until a page does nothing, and says how long its main thread has run by then. */
async function quiet(pid) {
	const until = Date.now() + PATIENCE;
	let before = await ran(pid);
	for (let calm = 0; calm < SETTLED; ) {
		if (Date.now() > until) throw new Error(`process ${pid}, which draws the page, is never quiet`);
		await sleep(LOOK);
		const now = await ran(pid);
		calm = now - before < QUIET ? calm + 1 : 0;
		before = now;
	}
	return before;
}

/** What `act` costs the main thread of `page`. */
async function cost(page, act) {
	const before = await quiet(page.pid);
	await act();
	return (await quiet(page.pid)) - before;
}

const blocksIn = (page) => page.run(`return document.querySelector(${JSON.stringify(TEXT)})?.childElementCount ?? 0`);

/** Opens an editor's page and waits for its text. */
async function openEditor(editor) {
	const page = await open();
	await show(page, editor);
	return await prepare(page);
}

/** Shows an editor's text in a page. */
async function show(page, { link, place }) {
	if (place) {
		// Not from the window itself, which writes down where it is.
		await page.go(new URL("/fonts/", link).href);
		await page.run(`localStorage.setItem("parley.place", ${JSON.stringify(JSON.stringify(place))})`);
	}
	await page.go(link);
	await shows(page, 500);
}

/** Waits for a text of at least so many blocks. */
async function shows(page, blocks) {
	const until = Date.now() + PATIENCE;
	while ((await blocksIn(page)) < blocks) {
		if (Date.now() > until) throw new Error(`the text of ${blocks} blocks never came`);
		await sleep(20);
	}
}

/**
 * Milliseconds from a click on a document's name to its text on the screen, several times. Another document is
 * opened in between.
 */
async function timeOpenings(editor) {
	const page = await open();
	await show(page, editor);
	const click = (title, least, most) =>
		page.run(`
			const named = [...document.querySelectorAll("nav *")].filter(
				(element) => element.childElementCount === 0 && element.textContent.trim() === ${JSON.stringify(title)},
			);
			if (named.length === 0) throw new Error("nothing here is called ${title}");
			const clicked = performance.now();
			named[0].click();
			return new Promise((resolve) => {
				const channel = new MessageChannel();
				channel.port1.onmessage = () => resolve(performance.now() - clicked);
				const look = () => {
					const blocks = document.querySelector(${JSON.stringify(TEXT)})?.childElementCount ?? 0;
					if (blocks < ${least} || blocks > ${most}) requestAnimationFrame(look);
					else channel.port2.postMessage(0);
				};
				requestAnimationFrame(look);
			});
		`);
	const samples = [];
	for (let i = 0; i < plan.rounds.actions; i++) {
		await click(editor.other, 1, 10);
		await sleep(300); // what the other document leaves to be done is not what is measured
		samples.push(await click(editor.title, 500, 1e6));
	}
	await page.close();
	return samples;
}

/** Teaches a page what the keys F8 and F9 are for here, and finds its process. */
async function prepare(page) {
	await page.run(`
		const text = document.querySelector(${JSON.stringify(TEXT)});
		const clipboard = new DataTransfer();
		const blocks = [...text.children].slice(100, 100 + ${PAGE});
		clipboard.setData("text/html", blocks.map((block) => block.outerHTML).join(""));
		clipboard.setData("text/plain", blocks.map((block) => block.textContent).join("\\n\\n"));
		addEventListener("keydown", (event) => {
			if (event.key !== "F9") return;
			event.preventDefault();
			event.stopImmediatePropagation();
			text.dispatchEvent(
				new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true, cancelable: true }),
			);
		}, { capture: true });
		window.benchSelect = (from, to, inside) => {
			const deepest = (node, last) => {
				while (node.firstChild) node = last ? node.lastChild : node.firstChild;
				return node;
			};
			const first = deepest(text.children[from], false);
			const last = deepest(text.children[to], true);
			text.focus();
			const middle = Math.floor((last.data?.length ?? 0) / 2);
			getSelection().setBaseAndExtent(
				inside ? last : first, inside ? middle : 0,
				last, inside ? middle : (last.data?.length ?? 0),
			);
			text.children[from].scrollIntoView({ block: "center" });
		};
	`);
	page.pid = await rendererOf(page);
	return page;
}

/** The process that draws a page: of those that may, the one that works when the page does. */
async function rendererOf(page) {
	const pids = await page.renderers();
	const times = () => Promise.all(pids.map(ran));
	const before = await times();
	await page.run("const until = performance.now() + 200; while (performance.now() < until);");
	const after = await times();
	const grown = after.map((time, i) => time - before[i]);
	return pids[grown.indexOf(Math.max(...grown))];
}

/** Puts the caret into the middle of a block, or selects from one to another. */
const sit = (page, at) => page.run(`benchSelect(${at}, ${at}, true)`);
const select = (page, from, to) => page.run(`benchSelect(${from}, ${to}, false)`);

const letter = (i) => String.fromCharCode(97 + (i % 26));

async function measure({ writer: one, reader: other }) {
	const writer = await openEditor(one);
	const reader = other && (await openEditor(other));
	const { keys, actions } = plan.rounds;
	const result = { key: [], remote: [], enter: [], bold: [], paste: [] };
	const warmUp = 10;
	for (let i = 0; i < keys + warmUp; i++) {
		if (i % 20 === 0) await sit(writer, 300 + i);
		const took = await cost(writer, () => writer.press(letter(i)));
		if (i >= warmUp) result.key.push(took);
	}
	if (reader) {
		await sit(reader, 200);
		for (let i = 0; i < keys + warmUp; i++) {
			if (i % 20 === 0) await sit(writer, 300 + i);
			const took = await cost(reader, async () => {
				await writer.press(letter(i));
				await quiet(writer.pid);
			});
			if (i >= warmUp) result.remote.push(took);
		}
	}
	for (let i = 0; i < actions; i++) {
		await sit(writer, 400 + 3 * i);
		result.enter.push(await cost(writer, () => writer.press("Enter")));
	}
	for (let i = 0; i < actions; i++) {
		const from = 10 + 31 * (i % 8);
		await select(writer, from, from + PAGE - 1);
		result.bold.push(await cost(writer, () => writer.press("Control+b")));
	}
	const before = await blocksIn(writer);
	for (let i = 0; i < actions; i++) {
		await sit(writer, 600 + i);
		result.paste.push(await cost(writer, () => writer.press("F9")));
	}
	// An editor that did nothing would be the fastest.
	result.pasted = (await blocksIn(writer)) - before;
	result.renderer = writer.pid;
	if (one.other) result.open = await timeOpenings(one);
	return { result, pages: reader ? [writer, reader] : [writer] };
}

/** The browser alone: the same text in an editable element, without an editor, styles or code of anybody's. */
async function measureBare(writer) {
	const editor = await openEditor(writer);
	const html = await editor.run(`return document.querySelector(${JSON.stringify(TEXT)}).innerHTML`);
	await editor.close();
	const page = await open();
	await page.go("about:blank");
	await page.run(`
		document.body.innerHTML = '<div class="ProseMirror" contenteditable="true" style="white-space: pre-wrap"></div>';
		document.body.firstChild.innerHTML = ${JSON.stringify(html)};
	`);
	await prepare(page);
	const key = [];
	for (let i = 0; i < plan.rounds.keys; i++) {
		if (i % 20 === 0) await sit(page, 300 + i);
		key.push(await cost(page, () => page.press(letter(i))));
	}
	return { result: { key }, pages: [page] };
}

const { result, pages } = plan.bare ? await measureBare(plan.writer) : await measure(plan);
console.log(JSON.stringify(result));
// The pages stay until whoever weighs them has done so.
await new Promise((resolve) => process.stdin.once("data", resolve));
await Promise.all(pages.map((page) => page.close()));
process.stdin.destroy();
