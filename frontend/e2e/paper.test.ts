import { readFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import * as space from "./stage/space";
import { fill, words } from "./stage/words";
import { type Seat, test } from "./stage/workshop";

const SPACE = "Mill Lane neighbours";
const TITLE = "A better bus stop";
const { paper, shelf } = words;

/** Saves the document that is open as a file, and answers with what is in it and what the file is called. */
async function saves({ window }: Seat, format: string): Promise<{ name: string; content: Buffer }> {
	const { page } = window.screen;
	await page.getByRole("button", { name: fill(shelf.menu, { title: space.named(TITLE) }) }).click();
	await window.screen.press("menuitem", paper.saveAs);
	await page.getByRole("radio", { name: format }).check({ force: true });
	const coming = page.waitForEvent("download");
	await window.screen.press("button", paper.save);
	const download = await coming;
	expect(await download.failure()).toBeNull();
	return { name: download.suggestedFilename(), content: await readFile(await download.path()) };
}

async function bringsIn({ window }: Seat, name: string, buffer: Buffer): Promise<void> {
	const { page } = window.screen;
	await window.opensSpace(SPACE);
	await window.screen.press("button", paper.bringIn);
	const chooser = page.waitForEvent("filechooser");
	await window.screen.press("button", paper.choose);
	await (await chooser).setFiles({ name, mimeType: "", buffer });
	await window.seesText(fill(paper.chosen, { file: space.named(name) }));
	await window.screen.press("button", paper.bringInNow);
}

describe("a document and files of other programs", () => {
	test("goes out as a Word file and comes in again", async ({ workshop }) => {
		const { anna, others } = await space.meeting(workshop, SPACE, TITLE, "Ben");
		const ben = others[0] as Seat;
		const saved = await saves(anna, paper.docx);
		expect(saved.name).toBe(`${TITLE}.docx`);
		expect(saved.content.subarray(0, 2).toString()).toBe("PK");
		await space.readsAtTheFoot(anna.window, paper.saved);
		const printed = await saves(anna, paper.pdf);
		expect(printed.name).toBe(`${TITLE}.pdf`);
		expect(printed.content.toString("latin1")).toMatch(/^%PDF-1\.7\n.*\/Marked true.*%%EOF\n$/s);

		await bringsIn(ben, "A copy.docx", saved.content);
		await ben.window.seesTitle(TITLE);
		await ben.window.reads("Together.");
	});

	test("says what a page would do and what it lacks, and does nothing of it", async ({ workshop }) => {
		const { anna } = await space.meeting(workshop, SPACE, TITLE, "Ben");
		const page = `<title>Council notice</title><h1>Benches</h1><p>They <b>stand</b>.<script>window.stolen = 1</script>
			<img src="http://127.0.0.1:1/p.png" alt="a map" onerror="window.stolen = 2"><a href="javascript:window.stolen = 3">More</a></p>`;
		await bringsIn(anna, "notice.html", Buffer.from(page));
		await anna.window.sees("dialog", paper.broughtTitle);
		await anna.window.seesText(fill(paper.left.macros, { number: "2" }));
		await anna.window.seesText(fill(paper.left.outside, { number: "1" }));
		await anna.window.seesText(fill(paper.left.links, { number: "1" }));
		await space.seesFocusOn(anna.window, "button", paper.open);
		await anna.window.screen.page.keyboard.press("Enter");
		await anna.window.seesTitle("Council notice");
		await anna.window.reads("Benches", "They stand. [a map]More");
		expect(await anna.window.screen.page.evaluate(() => "stolen" in window)).toBe(false);
	});

	test("says what is wrong with a file, and another can be chosen", async ({ workshop }) => {
		const { anna } = await space.meeting(workshop, SPACE, TITLE, "Ben");
		await bringsIn(anna, "plan.docx", Buffer.from("not a Word file"));
		await anna.window.seesText(paper.unreadable);
		const chooser = anna.window.screen.page.waitForEvent("filechooser");
		await anna.window.screen.press("button", paper.chooseOther);
		await (await chooser).setFiles({ name: "Plan.txt", mimeType: "", buffer: Buffer.from("One.\n\nTwo.") });
		await anna.window.screen.press("button", paper.bringInNow);
		await anna.window.seesTitle("Plan");
		await anna.window.reads("One.", "Two.");
	});

	test("is saved by a reader too, who brings nothing in", async ({ workshop }) => {
		const { anna, others } = await space.meeting(workshop, SPACE, TITLE, "Ben");
		const ben = others[0] as Seat;
		await space.givesRole(anna.window, "Ben", "reader");
		await ben.window.opensSpace(SPACE);
		await space.hears(ben.window, fill(words.space.yourRole, { role: words.yourRole.reader }));
		await ben.window.seesNoMore("button", paper.bringIn);
		await ben.window.opensDocument(TITLE);
		const saved = await saves(ben, paper.txt);
		expect(saved.content.toString()).toBe(`${TITLE}\n\nTogether.\n`);
		await ben.window.seesText(fill(paper.left.kinds, { number: "1" }));
	});
});
