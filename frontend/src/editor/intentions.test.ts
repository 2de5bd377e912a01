import { joinBackward, setBlockType, splitBlock, toggleMark } from "prosemirror-commands";
import { Fragment, Slice } from "prosemirror-model";
import { splitListItem } from "prosemirror-schema-list";
import { type Command, TextSelection } from "prosemirror-state";
import { beforeEach, describe, expect, test } from "vitest";
import { commandSpecs } from "./commands";
import { marks, nodes, schema } from "./schema";
import { splitItem } from "./tasks";
import { meet, newText, Writer } from "./testing";
import { redo, undo } from "./undo";

// What two people do at once must merge as both meant it. Ana and Ben start from the same text; neither sees
// what the other does until they meet.

let ana: Writer;
let ben: Writer;
const specs = commandSpecs(() => undefined);

function bothHave(...lines: string[]): void {
	const saved = newText((text) => {
		lines.forEach((line, i) => {
			const [, type = "paragraph", words = ""] =
				/^(?:(paragraph|unordered-list-item|task-list-item): )?(.*)$/.exec(line) ?? [];
			const marker = { type, parents: [], level: 0 };
			if (i > 0) text.insertBlock(text.length, marker);
			else text.updateBlock(0, { type: "paragraph", parents: [], level: 0 }, marker);
			text.splice(text.length, 0, words);
		});
	});
	ana = new Writer(1, saved);
	ben = new Writer(2, saved);
}

/** Where `words` begin in what the writer sees. */
function find(writer: Writer, words: string): number {
	let found = -1;
	writer.state.doc.descendants((node, pos) => {
		if (!node.isTextblock || found >= 0) return;
		const at = node.textBetween(0, node.content.size, undefined, "\n").indexOf(words);
		if (at >= 0) found = pos + 1 + at;
	});
	if (found < 0) throw new Error(`"${words}" is not in ${writer.state.doc}`);
	return found;
}

function select(writer: Writer, words: string): void {
	const from = find(writer, words);
	writer.dispatch(
		writer.state.tr.setSelection(TextSelection.create(writer.state.doc, from, from + words.length)),
	);
}

function caretBefore(writer: Writer, words: string): void {
	const at = find(writer, words);
	writer.dispatch(writer.state.tr.setSelection(TextSelection.create(writer.state.doc, at)));
}

function caretAfter(writer: Writer, words: string): void {
	const at = find(writer, words) + words.length;
	writer.dispatch(writer.state.tr.setSelection(TextSelection.create(writer.state.doc, at)));
}

function does(writer: Writer, command: Command): void {
	if (!command(writer.state, writer.dispatch)) throw new Error("the command does not apply here");
}

function types(writer: Writer, words: string): void {
	for (const letter of words) writer.dispatch(writer.state.tr.insertText(letter));
}

function expectBoth(shown: string): void {
	meet(ana, ben);
	expect(ana.state.doc.toString()).toBe(`doc(${shown})`);
	expect(ben.state.doc.toString()).toBe(`doc(${shown})`);
	for (const writer of [ana, ben]) expect(writer.fromScratch().eq(writer.state.doc)).toBe(true);
}

describe("splitting", () => {
	beforeEach(() => bothHave("A roof and a bench"));

	test("the one splits while the other types in the second half: the letters go along", () => {
		caretBefore(ana, " and");
		does(ana, splitBlock);
		caretAfter(ben, "bench");
		types(ben, " of wood");
		expectBoth('paragraph("A roof"), paragraph(" and a bench of wood")');
	});

	test("the one splits while the other types in the first half", () => {
		caretBefore(ana, " and");
		does(ana, splitBlock);
		caretAfter(ben, "A");
		types(ben, " green");
		expectBoth('paragraph("A green roof"), paragraph(" and a bench")');
	});

	test("both split at different places", () => {
		caretBefore(ana, " and");
		does(ana, splitBlock);
		caretBefore(ben, " bench");
		does(ben, splitBlock);
		expectBoth('paragraph("A roof"), paragraph(" and a"), paragraph(" bench")');
	});

	test("the one splits a paragraph that the other makes a heading", () => {
		caretBefore(ana, " and");
		does(ana, splitBlock);
		caretBefore(ben, "A");
		does(ben, setBlockType(nodes.heading, { level: 2 }));
		expectBoth('heading("A roof"), paragraph(" and a bench")');
	});
});

describe("joining", () => {
	beforeEach(() => bothHave("A roof", "and a bench"));

	test("the one joins while the other types in the second paragraph", () => {
		caretBefore(ana, "and");
		does(ana, joinBackward);
		caretAfter(ben, "bench");
		types(ben, " of wood");
		expectBoth('paragraph("A roofand a bench of wood")');
	});

	test("both join the same paragraphs: they are joined once", () => {
		for (const writer of [ana, ben]) {
			caretBefore(writer, "and");
			does(writer, joinBackward);
		}
		expectBoth('paragraph("A roofand a bench")');
	});

	test("the one deletes over the border while the other types inside what goes", () => {
		const from = find(ana, "roof");
		ana.dispatch(ana.state.tr.delete(from, find(ana, "a bench")));
		caretAfter(ben, "A roof");
		types(ben, "top");
		expectBoth('paragraph("A topa bench")');
	});
});

describe("formatting", () => {
	beforeEach(() => bothHave("A roof and a bench"));

	test("the one makes bold what the other is typing inside: the new letters are bold", () => {
		select(ana, "roof and a bench");
		does(ana, toggleMark(marks.strong));
		caretAfter(ben, "and a");
		types(ben, " long");
		caretAfter(ben, "A");
		types(ben, " dry");
		expectBoth('paragraph("A dry ", strong("roof and a long bench"))');
	});

	test("two people's formats overlap", () => {
		select(ana, "A roof and");
		does(ana, toggleMark(marks.strong));
		select(ben, "and a bench");
		does(ben, toggleMark(marks.em));
		expectBoth('paragraph(strong("A roof "), strong(em("and")), em(" a bench"))');
	});

	test("underlined, struck through and highlighted at once, each where it was meant", () => {
		select(ana, "A roof and");
		does(ana, toggleMark(marks.underline));
		select(ben, "roof");
		does(ben, toggleMark(marks.strike));
		select(ben, "and a");
		does(ben, toggleMark(marks.highlight));
		meet(ana, ben);
		caretAfter(ben, "roof");
		types(ben, "s");
		expectBoth(
			'paragraph(underline("A "), underline(strike("roofs")), underline(" "), underline(highlight("and")), highlight(" a"), " bench")',
		);
	});

	test("bold grows with what is written at its end, a link does not", () => {
		select(ana, "roof");
		does(ana, toggleMark(marks.strong));
		select(ana, "bench");
		ana.dispatch(
			ana.state.tr.addMark(
				find(ana, "bench"),
				find(ana, "bench") + 5,
				marks.link.create({ href: "https://a.org" }),
			),
		);
		meet(ana, ben);
		caretAfter(ben, "roof");
		types(ben, "s");
		caretAfter(ben, "bench");
		types(ben, "es");
		expectBoth('paragraph("A ", strong("roofs"), " and a ", link("bench"), "es")');
	});

	test("the one links what the other moves into a list", () => {
		const from = find(ana, "bench");
		ana.dispatch(ana.state.tr.addMark(from, from + 5, marks.link.create({ href: "https://a.org" })));
		does(ben, specs.bulletList.run);
		expectBoth('bullet_list(list_item(paragraph("A roof and a ", link("bench"))))');
	});
});

describe("lists", () => {
	beforeEach(() => bothHave("unordered-list-item: roof", "unordered-list-item: bench and light"));

	test("the one indents the item that the other splits: nothing of it is lost", () => {
		caretBefore(ana, "bench");
		does(ana, specs.indent.run);
		caretBefore(ben, " and");
		does(ben, splitListItem(nodes.list_item));
		expectBoth(
			'bullet_list(list_item(paragraph("roof"), bullet_list(list_item(paragraph("bench")))), list_item(paragraph(" and light")))',
		);
	});

	test("both indent the same item: it is indented once", () => {
		for (const writer of [ana, ben]) {
			caretBefore(writer, "bench");
			does(writer, specs.indent.run);
		}
		expectBoth(
			'bullet_list(list_item(paragraph("roof"), bullet_list(list_item(paragraph("bench and light")))))',
		);
	});

	test.each([0, 1, 2])(
		"two kinds that two give an item at once are one in the end (%i letters before)",
		(n) => {
			caretBefore(ana, "roof");
			types(ana, "aaa".slice(0, n));
			does(ana, specs.orderedList.run);
			does(ana, specs.bulletList.run);
			caretBefore(ben, "roof");
			does(ben, specs.taskList.run);
			ben.hears(ana);
			expect(ben.fromScratch().eq(ben.state.doc)).toBe(true);
			ana.hears(ben);
			expect(ana.fromScratch().eq(ana.state.doc)).toBe(true);
			expect(ana.state.doc.toString()).toBe(ben.state.doc.toString());
		},
	);

	test("the one changes the list's kind while the other writes an item more", () => {
		caretBefore(ana, "roof");
		does(ana, specs.orderedList.run);
		caretAfter(ben, "light");
		does(ben, splitListItem(nodes.list_item));
		types(ben, "bin");
		expectBoth(
			'ordered_list(list_item(paragraph("roof")), list_item(paragraph("bench and light"))), bullet_list(list_item(paragraph("bin")))',
		);
	});

	test("the one deletes an item while the other writes below its first line", () => {
		caretAfter(ben, "light");
		does(ben, splitBlock);
		types(ben, "lit all night!");
		const from = find(ana, "bench");
		ana.dispatch(ana.state.tr.delete(from - 2, from + "bench and light".length + 2));
		expectBoth('bullet_list(list_item(paragraph("roof"), paragraph("lit all night!")))');
	});
});

describe("tasks", () => {
	beforeEach(() => bothHave("task-list-item: roof", "task-list-item: bench and light"));
	const done = (writer: Writer) => {
		const found: (boolean | null)[] = [];
		writer.state.doc.descendants((node) => {
			if (node.type === nodes.list_item) found.push(node.attrs.done);
		});
		return found;
	};

	test("the one ticks a task while the other writes in it", () => {
		caretBefore(ana, "bench");
		does(ana, specs.tick.run);
		caretAfter(ben, "bench");
		types(ben, " of wood");
		expectBoth('task_list(list_item(paragraph("roof")), list_item(paragraph("bench of wood and light")))');
		expect([done(ana), done(ben)]).toEqual([
			[false, true],
			[false, true],
		]);
	});

	test("both tick the same task: it is done, and either can take the tick away", () => {
		for (const writer of [ana, ben]) {
			caretBefore(writer, "roof");
			does(writer, specs.tick.run);
		}
		meet(ana, ben);
		expect([done(ana), done(ben)]).toEqual([
			[true, false],
			[true, false],
		]);
		does(ben, specs.tick.run);
		meet(ana, ben);
		expect(done(ana)).toEqual([false, false]);
	});

	test("the one ticks a task that the other splits: its first half is done", () => {
		caretBefore(ana, "bench");
		does(ana, specs.tick.run);
		caretBefore(ben, " and");
		does(ben, splitItem);
		expectBoth(
			'task_list(list_item(paragraph("roof")), list_item(paragraph("bench")), list_item(paragraph(" and light")))',
		);
		expect(done(ben)).toEqual([false, true, false]);
	});

	test("a tick is taken back while the other writes", () => {
		caretBefore(ana, "roof");
		does(ana, specs.tick.run);
		caretAfter(ben, "roof");
		types(ben, "s");
		meet(ana, ben);
		does(ana, undo);
		expectBoth('task_list(list_item(paragraph("roofs")), list_item(paragraph("bench and light")))');
		expect(done(ben)).toEqual([false, false]);
	});

	test("the one makes bullets of the tasks while the other ticks one", () => {
		caretBefore(ana, "roof");
		does(ana, specs.bulletList.run);
		caretBefore(ben, "bench");
		does(ben, specs.tick.run);
		expectBoth('bullet_list(list_item(paragraph("roof")), list_item(paragraph("bench and light")))');
	});
});

describe("callouts", () => {
	beforeEach(() => bothHave("A roof and a bench"));

	test("the one makes a callout of what the other splits and writes in", () => {
		caretBefore(ana, "A");
		does(ana, specs.callout.run);
		caretAfter(ben, "bench");
		types(ben, " of wood");
		expectBoth('callout(paragraph("A roof and a bench of wood"))');
		caretBefore(ana, "A");
		does(ana, specs.quote.run);
		expectBoth('blockquote(paragraph("A roof and a bench of wood"))');
		does(ben, specs.quote.run);
		expectBoth('paragraph("A roof and a bench of wood")');
	});
});

describe("at the same place", () => {
	beforeEach(() => bothHave("roof"));

	test("words that two people type at once stay whole", () => {
		caretAfter(ana, "roof");
		caretAfter(ben, "roof");
		types(ana, " bench");
		types(ben, " light");
		meet(ana, ben);
		const both = ana.state.doc.textContent;
		expect(["roof bench light", "roof light bench"]).toContain(both);
		expectBoth(`paragraph("${both}")`);
	});

	test("words stay whole also when the letters arrive in between", () => {
		caretAfter(ana, "roof");
		caretAfter(ben, "roof");
		for (let i = 0; i < 6; i++) {
			types(ana, " bench"[i] ?? "");
			types(ben, " light"[i] ?? "");
			meet(ana, ben);
		}
		expect(["roof bench light", "roof light bench"]).toContain(ana.state.doc.textContent);
	});

	test("two parts of an emoji are never torn apart", () => {
		caretAfter(ana, "roof");
		types(ana, "👩‍🌾😀");
		meet(ana, ben);
		const at = find(ben, "😀");
		// Some input methods replace only the half in which two emoji differ.
		ben.dispatch(ben.state.tr.insertText("\ude01", at + 1, at + 2));
		expectBoth('paragraph("roof👩‍🌾😁")');
	});
});

describe("undo", () => {
	beforeEach(() => bothHave("roof and bench"));

	test("takes back one's own letters and leaves the other's, also inside", () => {
		caretAfter(ana, "roof");
		ana.dispatch(ana.state.tr.insertText(" of glass"));
		meet(ana, ben);
		caretAfter(ben, "roof of");
		types(ben, " green");
		meet(ana, ben);
		does(ana, undo);
		expectBoth('paragraph("roof green and bench")');
		does(ana, redo);
		expectBoth('paragraph("roof of green glass and bench")');
	});

	test("works after the other changed what kind of block it is, moved it into a list and split it", () => {
		caretAfter(ana, "roof");
		ana.dispatch(ana.state.tr.insertText(" of glass"));
		meet(ana, ben);
		caretBefore(ben, "roof");
		does(ben, setBlockType(nodes.heading, { level: 1 }));
		meet(ana, ben);
		does(ben, specs.bulletList.run);
		meet(ana, ben);
		caretBefore(ben, " and");
		does(ben, splitListItem(nodes.list_item));
		meet(ana, ben);
		does(ana, undo);
		expectBoth('bullet_list(list_item(paragraph("roof")), list_item(paragraph(" and bench")))');
	});

	test("takes back a pasted passage around what the other wrote and split inside it", () => {
		caretAfter(ana, "roof");
		const passage = [" of glass", "of wood"].map((words) => nodes.paragraph.create(null, schema.text(words)));
		ana.dispatch(ana.state.tr.replaceSelection(new Slice(Fragment.from(passage), 1, 1)));
		meet(ana, ben);
		caretAfter(ben, "roof of");
		types(ben, " tinted");
		caretBefore(ben, "wood");
		does(ben, splitBlock);
		meet(ana, ben);
		does(ana, undo);
		expectBoth('paragraph("roof tinted"), paragraph(" and bench")');
		does(ana, redo);
		expectBoth('paragraph("roof of tinted glass"), paragraph("of "), paragraph("wood and bench")');
	});

	test("never takes back what the other did", () => {
		caretAfter(ben, "bench");
		types(ben, " and light");
		meet(ana, ben);
		expect(undo(ana.state, ana.dispatch)).toBe(false);
		expectBoth('paragraph("roof and bench and light")');
	});
});

describe("the caret", () => {
	beforeEach(() => bothHave("roof and bench"));

	test("stays in its words when the other makes them a heading, quotes them and makes them a list", () => {
		select(ana, "and");
		for (const change of [specs.heading1.run, specs.quote.run, specs.bulletList.run]) {
			caretBefore(ben, "roof");
			does(ben, change);
			meet(ana, ben);
			const { from, to } = ana.state.selection;
			expect(ana.state.doc.textBetween(from, to)).toBe("and");
		}
	});

	test("a bold that is switched on stays on while the other types", () => {
		caretAfter(ana, "roof");
		does(ana, toggleMark(marks.strong));
		caretAfter(ben, "bench");
		types(ben, "es");
		meet(ana, ben);
		types(ana, "s");
		expectBoth('paragraph("roof", strong("s"), " and benches")');
	});
});

test("what another program wrote, and this one does not know, survives writing around it", () => {
	bothHave("roof");
	ana.foreign((text) => {
		text.insertBlock(text.length, { type: "poem", parents: ["panel"], level: 0 });
		text.splice(text.length, 0, "mind the step");
		text.mark(6, 10, "wavy", true, true);
	});
	caretAfter(ana, "step");
	types(ana, "!");
	caretBefore(ana, "mind");
	does(ana, splitBlock);
	caretAfter(ana, "roof");
	types(ana, "s");
	meet(ana, ben);
	const blocks = ben.binding.text.spans().filter((span) => span.type === "block");
	expect(blocks.map((span) => [span.marker.type, span.marker.parents])).toEqual([
		["paragraph", []],
		["poem", ["panel"]],
		["poem", ["panel"]],
	]);
	const marked = ben.binding.text.spans().find((span) => span.type === "text" && span.marks?.wavy === true);
	expect(marked).toMatchObject({ text: "mind" });
});
