import { describe, expect } from "vitest";
import { words } from "./stage/words";
import { type Seat, test, type Workshop } from "./stage/workshop";

async function writing(workshop: Workshop): Promise<Seat & { markdown(): Promise<string> }> {
	const anna = await workshop.seat("Anna");
	await anna.window.startsSpace("Mill Lane neighbours");
	await anna.window.startsDocument("A better bus stop");
	return {
		...anna,
		markdown: async () => {
			await anna.window.seesItSaved();
			return await anna.peer.onlyDocument("markdown");
		},
	};
}

describe("a text is formatted", () => {
	test("by Markdown shortcuts", async ({ workshop }) => {
		const { window, markdown } = await writing(workshop);
		await window.writes(
			[
				"# Why",
				"Now **bold**, *italic* and `code` here, ~~struck~~ and ==marked==.",
				"## How",
				"- one",
				"two",
				"\n1. first",
				"second",
				"\n[ ] open",
				"[x] done",
				"\n> said",
				"\n! mind",
				"\n#### Last",
				"---plain",
			].join("\n"),
		);
		expect(await markdown()).toBe(
			[
				"# Why",
				"Now **bold**, *italic* and `code` here, ~~struck~~ and <mark>marked</mark>.",
				"## How",
				"- one\n- two",
				"1. first\n2. second",
				"- [ ] open\n- [ ] \\[x\\] done",
				"> said",
				"> [!NOTE]\n> mind",
				"#### Last",
				"---",
				"plain\n",
			].join("\n\n"),
		);
	});

	test("by keyboard", async ({ workshop }) => {
		const { window, markdown } = await writing(workshop);
		await window.writes("plain ");
		for (const [chord, word] of [
			["Control+b", "bold"],
			["Control+i", "italic"],
			["Control+u", "underlined"],
			["Control+Shift+s", "struck"],
			["Control+Shift+h", "marked"],
			["Control+e", "code"],
		] as const) {
			await window.screen.key(chord);
			await window.writes(word);
			await window.screen.key(chord);
			await window.writes(" ");
		}
		await window.writes("end");
		expect(await markdown()).toBe(
			"plain **bold** *italic* <u>underlined</u> ~~struck~~ <mark>marked</mark> `code` end\n",
		);
	});

	test("tasks, ticked from the text and by their boxes", async ({ workshop }) => {
		const { window, markdown } = await writing(workshop);
		await window.writes("[] roof\nbench");
		await window.screen.key("Control+Enter");
		await window.screen.press("checkbox", words.text.taskDone);
		await window.writes("es");
		expect(await markdown()).toBe("- [x] roof\n- [x] benches\n");
	});

	test("by a slash, which lists the kinds of block", async ({ workshop }) => {
		const { window, markdown } = await writing(workshop);
		await window.writes("/callo");
		await window.sees("option", words.text.callout);
		await window.screen.key("Enter");
		await window.writes("Mind the step. /");
		await window.sees("option", words.text.taskList);
		await window.screen.key("Escape");
		await window.writes("and\n\n/list");
		await window.screen.key("ArrowDown");
		await window.screen.key("ArrowDown");
		await window.screen.key("Enter");
		await window.writes("roof");
		expect(await markdown()).toBe("> [!NOTE]\n> Mind the step. /and\n\n1. roof\n");
	});

	test("by toolbar", async ({ workshop }) => {
		const { window, markdown } = await writing(workshop);
		await window.writes("Title");
		await window.choosesBlock(words.text.heading2);
		await window.clicksIntoText();
		await window.screen.key("End");
		await window.writes("\nbold");
		await window.screen.key("Control+Shift+ArrowLeft");
		await window.screen.press("button", words.text.bold);
		await window.clicksIntoText();
		await window.screen.key("Control+End");
		await window.writes("\nitem");
		await window.screen.press("button", words.text.bulletList);
		expect(await markdown()).toBe("## Title\n\n**bold**\n\n- item\n");
	});
});
