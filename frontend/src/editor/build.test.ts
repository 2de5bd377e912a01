import fc from "fast-check";
import { expect, test } from "vitest";
import type { Marker } from "../replica";
import { build } from "./build";
import { blocksOf, itemsIn } from "./edits";
import { type FlatBlock, flatLength, flatSize, flatten, fromFlat, spotAt, toFlat } from "./flat";
import { nodes } from "./schema";

const container = fc.constantFrom(
	"blockquote",
	"unordered-list-item",
	"ordered-list-item",
	"task-list-item",
	"callout",
	"panel",
);

const marker: fc.Arbitrary<Marker> = fc
	.record({
		type: fc.constantFrom(
			"paragraph",
			"heading",
			"code-block",
			"unordered-list-item",
			"ordered-list-item",
			"divider",
			"task-list-item",
			"callout",
		),
		parents: fc.array(container, { maxLength: 3 }),
		level: fc.integer({ min: 0, max: 7 }),
	})
	.map((any) => ({ ...any, level: any.type === "heading" ? any.level : 0 }))
	.chain((any) =>
		any.type === "task-list-item"
			? fc.boolean().map((done): Marker => (done ? { ...any, done: true } : any))
			: fc.constant<Marker>(any),
	);

const marks = fc.record(
	{
		strong: fc.constantFrom(true, null),
		em: fc.constant(true),
		underline: fc.constant(true),
		strike: fc.constant(true),
		highlight: fc.constant(true),
		link: fc.constantFrom('{"href":"https://example.org","title":null}', "nonsense"),
	},
	{ requiredKeys: [] },
);

const spans = fc.array(
	fc.oneof(
		marker.map((m) => ({ type: "block" as const, marker: m })),
		fc.record({
			type: fc.constant("text" as const),
			text: fc.constantFrom("a", "bc", "d\ne", "\n", "😀", "שלום"),
			marks,
		}),
	),
	{ maxLength: 14 },
);

/** What of flat blocks is the text's own, with adjacent pieces of equal marks as one. */
function plain(blocks: readonly FlatBlock[]) {
	const built = blocks.map(({ marker, pieces }) => ({
		marker,
		pieces: pieces.map((piece) => [
			piece.text,
			piece.marks.map((mark) => JSON.stringify(mark.toJSON())).join(),
		]),
	}));
	for (const block of built) {
		for (let i = block.pieces.length - 1; i > 0; i--) {
			const [before, piece] = [block.pieces[i - 1], block.pieces[i]];
			if (before === undefined || piece === undefined || before[1] !== piece[1]) continue;
			before[0] = `${before[0]}${piece[0]}`;
			block.pieces.splice(i, 1);
		}
	}
	return built;
}

test("any sequence of markers and text becomes a valid document and comes back as it was", () => {
	fc.assert(
		fc.property(spans, (sequence) => {
			const blocks = blocksOf(itemsIn(sequence));
			const doc = nodes.doc.create(null, build(blocks));
			doc.check();
			// An empty text still shows a paragraph to write in.
			const flat = flatten(doc);
			expect(plain(blocks.length === 0 ? flat.slice(1) : flat)).toEqual(plain(blocks));
			expect(nodes.doc.create(null, build(flat)).eq(doc)).toBe(true);
		}),
		{ numRuns: 2000 },
	);
});

test("positions go from the text to the document and back", () => {
	fc.assert(
		fc.property(spans, (sequence) => {
			const doc = nodes.doc.create(null, build(blocksOf(itemsIn(sequence))));
			let length = 0;
			for (const span of sequence) length += span.type === "text" ? span.text.length : 1;
			expect(flatSize(doc)).toBe(length);
			let flat = 0;
			doc.forEach((node, _, index) => {
				flat += flatLength(node, doc, index);
			});
			expect(flat).toBe(length);
			doc.descendants((node, pos) => {
				if (!node.isTextblock) return true;
				for (let offset = 0; offset <= node.content.size; offset++) {
					const at = toFlat(doc, pos + 1 + offset);
					const spot = spotAt(doc, at);
					// The start of text that has no marker may also be the end of what stands before it.
					if (offset > 0 || spot.pos === pos) expect(fromFlat(doc, at)).toBe(pos + 1 + offset);
				}
				return false;
			});
		}),
		{ numRuns: 500 },
	);
});
