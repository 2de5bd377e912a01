import fc from "fast-check";
import { joinBackward, lift, setBlockType, splitBlock, toggleMark, wrapIn } from "prosemirror-commands";
import { redo, undo } from "prosemirror-history";
import { liftListItem, sinkListItem, splitListItem, wrapInList } from "prosemirror-schema-list";
import { AllSelection, type Command, TextSelection } from "prosemirror-state";
import { expect, test } from "vitest";
import type { Marker } from "../replica";
import { commandSpecs } from "./commands";
import { flatSize } from "./flat";
import { marks, nodes } from "./schema";
import { meet, newText, Writer } from "./testing";

/** One thing a writer does; positions are fractions of their document, so that they fit whatever it became. */
interface Action {
	who: number;
	what: string;
	from: number;
	to: number;
	text: string;
	choice: number;
}

const kinds = [
	"type",
	"type",
	"type",
	"delete",
	"split",
	"join",
	"mark",
	"block",
	"wrap",
	"list",
	"lift",
	"sink",
	"outdent",
	"paste",
	"undo",
	"redo",
	"divider",
	"everything",
	"foreign",
	"hear",
	"hear",
] as const;

const action: fc.Arbitrary<Action> = fc.record({
	who: fc.nat(2),
	what: fc.constantFrom(...kinds),
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

function run(writer: Writer, command: Command): void {
	command(writer.state, writer.dispatch);
}

function act(writers: readonly Writer[], { who, what, from, to, text, choice }: Action): void {
	const writer = writers[who] as Writer;
	const other = writers[(who + 1 + (choice % 2)) % writers.length] as Writer;
	const near = from + (to - from) * 0.2;
	switch (what) {
		case "type":
			select(writer, from, choice < 9 ? from : near);
			return writer.dispatch(writer.state.tr.insertText(text));
		case "delete":
			select(writer, from, choice < 6 ? near : to);
			return writer.dispatch(writer.state.tr.deleteSelection());
		case "split":
			select(writer, from, from);
			if (!splitListItem(nodes.list_item)(writer.state, writer.dispatch)) run(writer, splitBlock);
			return;
		case "join": {
			select(writer, from, from);
			const start = writer.state.selection.$from.start();
			writer.dispatch(writer.state.tr.setSelection(TextSelection.create(writer.state.doc, start)));
			return run(writer, joinBackward);
		}
		case "mark": {
			select(writer, from, to);
			const link = marks.link.create({ href: `https://example.org/${choice}` });
			if (choice > 8)
				return writer.dispatch(
					writer.state.tr.addMark(writer.state.selection.from, writer.state.selection.to, link),
				);
			return run(writer, toggleMark([marks.strong, marks.em, marks.code][choice % 3] ?? marks.strong));
		}
		case "block":
			select(writer, from, near);
			if (choice % 3 === 0) return run(writer, setBlockType(nodes.heading, { level: 1 + (choice % 4) }));
			return run(writer, setBlockType(choice % 3 === 1 ? nodes.paragraph : nodes.code_block));
		case "wrap":
			select(writer, from, near);
			return run(writer, choice % 2 === 0 ? wrapIn(nodes.blockquote) : specs.quote.run);
		case "list":
			select(writer, from, near);
			if (choice % 2 === 0)
				return run(writer, wrapInList(choice % 4 === 0 ? nodes.bullet_list : nodes.ordered_list));
			return run(writer, choice % 4 === 1 ? specs.bulletList.run : specs.orderedList.run);
		case "lift":
			select(writer, from, near);
			return run(writer, lift);
		case "sink":
			select(writer, from, near);
			return run(writer, sinkListItem(nodes.list_item));
		case "outdent":
			select(writer, from, near);
			return run(writer, liftListItem(nodes.list_item));
		case "paste": {
			select(other, from, to);
			const slice = other.state.selection.content();
			select(writer, to, to);
			const { from: at, to: end } = writer.state.selection;
			if (slice.size > 300) return;
			const { tr } = writer.state;
			return writer.dispatch(choice % 2 === 0 ? tr.replaceRange(at, end, slice) : tr.replaceSelection(slice));
		}
		case "undo":
			return run(writer, undo);
		case "redo":
			return run(writer, redo);
		case "divider":
			select(writer, from, from);
			return run(writer, specs.divider.run);
		case "everything":
			if (choice > 1) return;
			writer.dispatch(writer.state.tr.setSelection(new AllSelection(writer.state.doc)));
			return writer.dispatch(writer.state.tr.deleteSelection());
		case "foreign":
			return foreign(writer, from, choice);
		case "hear":
			return writer.hears(other);
	}
}

/** What another program may do to the text: markers this one would not write, and markers taken away. */
function foreign(writer: Writer, from: number, choice: number): void {
	const odd: Marker[] = [
		{ type: "callout", parents: ["unordered-list-item"], level: 0 },
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

const runs = Number(process.env.CONVERGENCE_RUNS ?? 150);
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
		{ numRuns: runs, seed, interruptAfterTimeLimit: 60_000 },
	);
}, 120_000);
