import fc from "fast-check";
import {
	chainCommands,
	joinBackward,
	lift,
	setBlockType,
	splitBlock,
	toggleMark,
	wrapIn,
} from "prosemirror-commands";
import type { MarkType } from "prosemirror-model";
import { wrapInList } from "prosemirror-schema-list";
import { AllSelection, type Command, TextSelection } from "prosemirror-state";
import { expect, test } from "vitest";
import type { Marker } from "../replica";
import { commandSpecs } from "./commands";
import { flatSize } from "./flat";
import { marks, nodes } from "./schema";
import { splitItem } from "./tasks";
import { meet, newText, Writer } from "./testing";
import { redo, undo } from "./undo";

/** One thing a writer does; positions are fractions of their document, so that they fit whatever it became. */
interface Action {
	who: number;
	what: string;
	from: number;
	to: number;
	text: string;
	choice: number;
}

type Deed = (writer: Writer, other: Writer, action: Action) => void;

const toggled = [marks.strong, marks.em, marks.code, marks.underline, marks.strike, marks.highlight];

const deeds: Record<string, Deed> = {
	type(writer, _other, { from, to, text, choice }) {
		select(writer, from, choice < 9 ? from : near(from, to));
		writer.dispatch(writer.state.tr.insertText(text));
	},
	delete(writer, _other, { from, to, choice }) {
		select(writer, from, choice < 6 ? near(from, to) : to);
		writer.dispatch(writer.state.tr.deleteSelection());
	},
	split(writer, _other, { from }) {
		select(writer, from, from);
		run(writer, chainCommands(splitItem, splitBlock));
	},
	join(writer, _other, { from }) {
		select(writer, from, from);
		const start = writer.state.selection.$from.start();
		writer.dispatch(writer.state.tr.setSelection(TextSelection.create(writer.state.doc, start)));
		run(writer, joinBackward);
	},
	mark(writer, _other, { from, to, choice }) {
		select(writer, from, to);
		run(writer, toggleMark(toggled[choice % toggled.length] as MarkType));
	},
	link(writer, _other, { from, to, choice }) {
		select(writer, from, to);
		const link = marks.link.create({ href: `https://example.org/${choice}` });
		const { selection, tr } = writer.state;
		writer.dispatch(tr.addMark(selection.from, selection.to, link));
	},
	block(writer, _other, { from, to, choice }) {
		select(writer, from, near(from, to));
		if (choice % 3 === 0) run(writer, setBlockType(nodes.heading, { level: 1 + (choice % 4) }));
		else run(writer, setBlockType(choice % 3 === 1 ? nodes.paragraph : nodes.code_block));
	},
	tick(writer, _other, { from, to }) {
		select(writer, from, near(from, to));
		run(writer, specs.tick.run);
	},
	wrap(writer, _other, { from, to, choice }) {
		select(writer, from, near(from, to));
		run(writer, [wrapIn(nodes.blockquote), specs.quote.run, specs.callout.run][choice % 3] as Command);
	},
	list(writer, _other, { from, to, choice }) {
		select(writer, from, near(from, to));
		if (choice % 2 === 0)
			run(
				writer,
				wrapInList([nodes.bullet_list, nodes.ordered_list, nodes.task_list][choice % 3] ?? nodes.bullet_list),
			);
		else run(writer, choice % 4 === 1 ? specs.taskList.run : specs.orderedList.run);
	},
	lift(writer, _other, { from, to }) {
		select(writer, from, near(from, to));
		run(writer, lift);
	},
	indent(writer, _other, { from, to }) {
		select(writer, from, near(from, to));
		run(writer, specs.indent.run);
	},
	outdent(writer, _other, { from, to }) {
		select(writer, from, near(from, to));
		run(writer, specs.outdent.run);
	},
	paste(writer, other, { from, to, choice }) {
		select(other, from, to);
		const slice = other.state.selection.content();
		// What is pasted again and again must not outgrow the test.
		if (slice.size > 200 || writer.state.doc.content.size > 1000) return;
		select(writer, to, to);
		const { selection, tr } = writer.state;
		if (choice % 2 === 0) writer.dispatch(tr.replaceRange(selection.from, selection.to, slice));
		else writer.dispatch(tr.replaceSelection(slice));
	},
	undo(writer) {
		run(writer, undo);
	},
	redo(writer) {
		run(writer, redo);
	},
	divider(writer, _other, { from }) {
		select(writer, from, from);
		run(writer, specs.divider.run);
	},
	everything(writer, _other, { choice }) {
		if (choice > 1) return;
		writer.dispatch(writer.state.tr.setSelection(new AllSelection(writer.state.doc)));
		writer.dispatch(writer.state.tr.deleteSelection());
	},
	foreign(writer, _other, { from, choice }) {
		foreign(writer, from, choice);
	},
	hear(writer, other) {
		writer.hears(other);
	},
};

const action: fc.Arbitrary<Action> = fc.record({
	who: fc.nat(2),
	// Typing and hearing are what happens most.
	what: fc.oneof(
		{ weight: 3, arbitrary: fc.constantFrom("type", "hear") },
		{ weight: 7, arbitrary: fc.constantFrom(...Object.keys(deeds)) },
	),
	from: fc.double({ min: 0, max: 1, noNaN: true }),
	to: fc.double({ min: 0, max: 1, noNaN: true }),
	text: fc.constantFrom("a", "word ", "😀", "line\nbreak", "שלום", "\ud83d", "é"),
	choice: fc.nat(11),
});

const specs = commandSpecs(() => undefined);

function select(writer: Writer, from: number, to: number): void {
	const { doc } = writer.state;
	const at = (part: number) => Math.round(part * doc.content.size);
	const selection = TextSelection.between(doc.resolve(at(from)), doc.resolve(at(to)));
	writer.dispatch(writer.state.tr.setSelection(selection));
}

function near(from: number, to: number): number {
	return from + (to - from) * 0.2;
}

function run(writer: Writer, command: Command): void {
	command(writer.state, writer.dispatch);
}

function act(writers: readonly Writer[], action: Action): void {
	const writer = writers[action.who] as Writer;
	const other = writers[(action.who + 1 + (action.choice % 2)) % writers.length] as Writer;
	deeds[action.what]?.(writer, other, action);
}

/** What another program may do to the text: markers this one would not write, and markers taken away. */
function foreign(writer: Writer, from: number, choice: number): void {
	const odd: Marker[] = [
		{ type: "poem", parents: ["unordered-list-item"], level: 0 },
		{ type: "task-list-item", parents: ["callout"], level: 0, done: true },
		{ type: "heading", parents: ["ordered-list-item", "blockquote"], level: 9 },
		{ type: "paragraph", parents: ["unordered-list-item"], level: 0 },
		{ type: "divider", parents: [], level: 0 },
	];
	writer.foreign((text) => {
		const at = Math.floor(from * text.length);
		const marker = odd[choice % odd.length] as Marker;
		const block = at < text.length ? text.blockAt(at) : null;
		if (choice < 6) text.insertBlock(at, marker);
		else if (block !== null && choice < 8) text.updateBlock(at, block, marker);
		else if (at < text.length) text.splice(at, 1, "");
	});
}

function expectCanonical(writer: Writer): void {
	const { doc } = writer.state;
	doc.check();
	const scratch = writer.fromScratch();
	if (!scratch.eq(doc)) expect(doc.toString()).toBe(scratch.toString());
	expect(JSON.stringify(doc.toJSON())).toBe(JSON.stringify(scratch.toJSON()));
	expect(flatSize(doc)).toBe(writer.binding.text.length);
}

const runs = Number(process.env.CONVERGENCE_RUNS ?? 60);
const seed = Number(process.env.CONVERGENCE_SEED ?? Date.now() % 2 ** 31);

test(`editors show their text after every step, and all the same in the end (CONVERGENCE_SEED=${seed})`, () => {
	fc.assert(
		fc.property(fc.array(action, { minLength: 5, maxLength: 40 }), (actions) => {
			const saved = newText((text) => text.splice(1, 0, "The stop needs a roof."));
			const writers = [1, 2, 3].map((device) => new Writer(device, saved));
			for (const step of actions) {
				act(writers, step);
				for (const writer of writers) expectCanonical(writer);
			}
			meet(...writers);
			meet(...writers);
			for (const writer of writers) {
				expectCanonical(writer);
				expect(writer.state.doc.toString()).toBe(writers[0]?.state.doc.toString());
			}
		}),
		{ numRuns: runs, seed, interruptAfterTimeLimit: 30_000 },
	);
}, 120_000);

const writing = ["type", "split", "mark", "hear"];
const shaping = ["block", "wrap", "list", "lift", "indent", "outdent"];

test.each([
	{ deeds: writing, all: true },
	// Where two people reshape the same blocks at once, a letter may have lost its history and stay.
	{ deeds: [...writing, ...shaping], all: false },
])(
	`undo takes back one's own letters, never others' (CONVERGENCE_SEED=${seed}): $deeds`,
	({ deeds: harmless, all }) => {
		const calm = action.filter(({ what }) => harmless.includes(what));
		fc.assert(
			fc.property(fc.array(calm, { minLength: 5, maxLength: 40 }), (actions) => {
				const saved = newText((text) => text.splice(1, 0, "----"));
				const writers = [1, 2, 3].map((device) => new Writer(device, saved));
				for (const step of actions) {
					// Everybody has a letter of their own, and nobody types over a selection.
					act(writers, { ...step, text: "abc"[step.who] ?? "", choice: step.choice % 9 });
				}
				const [ana] = writers as [Writer, Writer, Writer];
				meet(...writers);
				const written = letters(ana);
				const others = written.replaceAll("a", "");
				while (undo(ana.state, ana.dispatch));
				meet(...writers);
				for (const writer of writers) {
					expectCanonical(writer);
					expect(all ? letters(writer) : letters(writer).replaceAll("a", "")).toBe(others);
				}
				while (redo(ana.state, ana.dispatch));
				meet(...writers);
				for (const writer of writers) {
					expectCanonical(writer);
					expect(letters(writer)).toBe(written);
				}
			}),
			{ numRuns: runs, seed, interruptAfterTimeLimit: 30_000 },
		);
	},
	120_000,
);

// Found by the property above: the core told nothing of a marker's type for which the other's value held now.
test("a block that two make different things shows what its text says", () => {
	const story: [number, string, number, number, number][] = [
		[1, "type", 0, 0, 0],
		[0, "type", 0, 0, 0],
		[2, "block", 0, 0, 0],
		[0, "list", 0, 0, 2],
		[1, "list", 0, 1, 11],
		[0, "type", 0, 0, 11],
		[0, "lift", 0, 0, 3],
		[0, "type", 0, 0.0035, 0],
		[1, "hear", 0, 0, 9],
		[0, "type", 0, 0, 11],
		[0, "type", 0, 0, 7],
		[1, "hear", 0, 0, 0],
		[2, "type", 0, 0, 1],
		[1, "type", 0, 0, 2],
		[1, "indent", 0, 1, 11],
		[1, "hear", 0, 0, 10],
		[0, "hear", 1, 0, 0],
		[2, "hear", 0, 0, 3],
		[2, "split", 0, 0, 9],
	];
	const saved = newText((text) => text.splice(1, 0, "----"));
	const writers = [1, 2, 3].map((device) => new Writer(device, saved));
	for (const [who, what, from, to, choice] of story) {
		act(writers, { who, what, from, to, choice: choice % 9, text: "abc"[who] ?? "" });
		for (const writer of writers) expectCanonical(writer);
	}
});

/** Which letters a document has, in the order of the alphabet. */
function letters(writer: Writer): string {
	return [...writer.state.doc.textContent].sort().join("");
}
