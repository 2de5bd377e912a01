import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import * as space from "./stage/space";
import { fill, words } from "./stage/words";
import { type Seat, test, type Workshop } from "./stage/workshop";

const SPACE = "Mill Lane neighbours";
const TITLE = "A better bus stop";

/** Two who have met once, and have no network from now on. */
async function apart(workshop: Workshop): Promise<[Seat, Seat]> {
	const { anna, others } = await space.meeting(workshop, SPACE, TITLE, "Ben");
	const ben = others[0] as Seat;
	for (const { window } of [anna, ben]) await window.goesOffline();
	return [anna, ben];
}

/** Saves a file for the others from the page of the space, and answers with what is in it. */
async function carriesOut({ window }: Seat, earlier?: Buffer): Promise<Buffer> {
	const { page } = window.screen;
	await space.opensThisSpace(window);
	if (earlier) {
		await page.getByRole("radio", { name: words.carry.since }).check({ force: true });
		await window.screen.press("button", words.carry.save);
		await window.seesText(words.carry.earlierMissing);
		await chooses({ window } as Seat, words.carry.earlier, earlier);
		await window.seesText("earlier.parley-bundle");
	}
	const saved = page.waitForEvent("download");
	await window.screen.press("button", words.carry.save);
	const download = await saved;
	expect(download.suggestedFilename()).toMatch(/^Parley .*\.parley-bundle$/);
	expect(await download.failure()).toBeNull();
	return readFile(await download.path());
}

async function chooses({ window }: Seat, button: string, buffer: Buffer): Promise<void> {
	const chooser = window.screen.page.waitForEvent("filechooser");
	await window.screen.press("button", button);
	await (await chooser).setFiles({ name: "earlier.parley-bundle", mimeType: "", buffer });
}

/** Drops a file on the middle of the window, as from a folder beside it. */
async function drops({ window }: Seat, name: string, content: Buffer): Promise<void> {
	await window.screen.page.evaluate(
		([called, text]) => {
			const bytes = Uint8Array.from(atob(text as string), (letter) => letter.charCodeAt(0));
			const dataTransfer = new DataTransfer();
			dataTransfer.items.add(new File([bytes], called as string));
			const on = document.querySelector("main") as HTMLElement;
			for (const kind of ["dragover", "drop"]) {
				on.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
			}
		},
		[name, content.toString("base64")],
	);
}

describe("a space is carried on a stick", () => {
	test("there by a file that is chosen, and back by one that is dropped", async ({ workshop }) => {
		const [anna, ben] = await apart(workshop);
		await ben.window.writesAtTheEnd(" From Ben.");
		await ben.window.seesItSaved();
		const first = await carriesOut(ben);

		await anna.window.screen.press("button", words.sidebar.add);
		await anna.window.screen.press("menuitem", words.carry.takeIn);
		await chooses(anna, words.carry.choose, first);
		await anna.window.screen.press("button", words.carry.takeInNow);
		await anna.window.seesText(fill(words.carry.updated_one, { count: 1 }));
		await anna.window.screen.press("button", fill(words.carry.goThere, { space: space.named(SPACE) }));
		await anna.window.opensDocument(TITLE);
		await anna.window.reads("Together. From Ben.");

		await anna.window.writesAtTheEnd(" From Anna.");
		await anna.window.seesItSaved();
		const answer = await carriesOut(anna, first);
		await drops(ben, "answer.parley-bundle", answer);
		await ben.window.seesText(fill(words.carry.ask, { file: space.named("answer.parley-bundle") }));
		await ben.window.screen.press("button", words.carry.takeInNow);
		await ben.window.seesText(fill(words.carry.updated_one, { count: 1 }));
		await ben.window.closesDialog();
		await ben.window.opensDocument(TITLE);
		await ben.window.reads("Together. From Ben. From Anna.");
	});

	test("by a file that is opened outside; one that is cut says so", async ({ workshop }) => {
		const [anna, ben] = await apart(workshop);
		await ben.window.writesAtTheEnd(" From Ben.");
		await ben.window.seesItSaved();
		const file = await carriesOut(ben);
		const name = join(tmpdir(), `parley-e2e-carry-${process.pid}.parley-bundle`);
		workshop.afterwards(() => rm(name, { force: true }));

		await writeFile(name, file.subarray(0, file.length - 20));
		await anna.peer.command("open", name);
		await anna.window.sees("dialog", words.carry.takeIn);
		await anna.window.screen.press("button", words.carry.takeInNow);
		await anna.window.seesText(words.carry.brokenFile);
		await anna.window.closesDialog();

		await writeFile(name, file);
		await anna.peer.command("open", name);
		await anna.window.sees("dialog", words.carry.takeIn);
		await anna.window.screen.press("button", words.carry.takeInNow);
		await anna.window.sees("dialog", words.carry.takenIn);
		await anna.window.closesDialog();
		await anna.window.opensDocument(TITLE);
		await anna.window.reads("Together. From Ben.");
	});
});
