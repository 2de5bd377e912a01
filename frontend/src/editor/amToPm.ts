import type { Node } from "prosemirror-model";
import { type EditorState, TextSelection, type Transaction } from "prosemirror-state";
import { StepMap } from "prosemirror-transform";
import type { Change, Marker, RichText, Span } from "../replica";
import { build, buildBefore, inline, marksFrom } from "./build";
import { type FlatBlock, flatStart, flatten, fromFlat, type Piece, spotAt, toFlat, topLevelAt } from "./flat";
import { replaceTopLevel } from "./patch";
import { nodes } from "./schema";

/** Marks the transactions that show what others did; they are neither written back nor undone. */
export const REMOTE = "parley$remote";

/** The flat blocks of a whole text. */
export function readBlocks(spans: readonly Span[]): FlatBlock[] {
	return blocksOf(
		spans.map((span) =>
			span.type === "block" ? { marker: span.marker } : { text: span.text, marks: marksFrom(span.marks) },
		),
	);
}

/** The document that a text shows. */
export function documentOf(text: RichText): Node {
	return nodes.doc.create(null, build(readBlocks(text.spans())));
}

/** A marker or a run of text, as patches cut and join them. */
type Item = { marker: Marker } | Piece;

// So many changes are shown one by one, each in its place; more are compared as a whole, which costs less.
const FEW = 16;

/** The transaction that shows what others changed, or null where nothing shown changed. */
export function showChanges(
	state: EditorState,
	text: RichText,
	changes: readonly Change[],
): Transaction | null {
	const { tr } = state;
	if (changes.length > FEW) showRange(tr, text, changes, () => null);
	else {
		changes.forEach((change, i) => {
			if (!showTyping(tr, change)) showRange(tr, text, [change], (at) => follow(at, changes.slice(i + 1)));
		});
	}
	return tr.docChanged ? finish(state, tr, changes) : null;
}

/** Where a new marker stands after later changes, or null if one of them took it away. */
function follow(at: number, later: readonly Change[]): number | null {
	let pos = at;
	for (const change of later) {
		const { at: from, gone, came } = extent(change);
		if (gone === came || from > pos) continue;
		if (from + gone > pos) return null;
		pos += came - gone;
	}
	return pos;
}

/** Shows the whole text anew, in as few steps as the differences need. */
export function showAll(state: EditorState, text: RichText): Transaction | null {
	const { tr } = state;
	replaceTopLevel(tr, 0, state.doc.childCount, build(readBlocks(text.spans())));
	return tr.docChanged ? finish(state, tr, []) : null;
}

function finish(state: EditorState, tr: Transaction, changes: readonly Change[]): Transaction {
	keepSelection(state, tr, changes);
	// A bold that was switched on for the next letter stays on while others write.
	if (state.storedMarks !== null) tr.setStoredMarks(state.storedMarks);
	return tr.setMeta("addToHistory", false).setMeta(REMOTE, true);
}

/** Shows letters that came or went inside one block, by far the most frequent case; answers if it was that. */
function showTyping(tr: Transaction, change: Change): boolean {
	if (change.kind !== "insert" && change.kind !== "delete") return false;
	const spot = spotAt(tr.doc, change.at);
	if (!spot.node.isTextblock || !spot.hasMarker || spot.node.attrs.kept !== null) return false;
	const from = spot.pos + 1 + spot.offset;
	if (toFlat(tr.doc, from) !== change.at) return false;
	if (change.kind === "delete") {
		if (spot.offset + change.length > spot.node.content.size) return false;
		tr.delete(from, from + change.length);
		return true;
	}
	const pieces = [{ text: change.text, marks: marksFrom(change.marks) }];
	tr.replaceWith(from, from, inline(pieces, spot.node.type.spec.code === true));
	return true;
}

/** Where the marker that was inserted at a position stands in the text by now. */
type Whereabouts = (at: number) => number | null;

/** Shows any changes: the touched top-level nodes are flattened, changed, built again and compared. */
function showRange(tr: Transaction, text: RichText, changes: readonly Change[], now: Whereabouts): void {
	const hull = hullOf(changes);
	const { doc } = tr;
	// One more on each side: whether containers are shared depends on the neighbours.
	const from = Math.max(0, topLevelAt(doc, hull.from) - 1);
	const to = Math.min(doc.childCount, topLevelAt(doc, hull.oldTo + 1) + 2);
	const start = flatStart(doc, from);
	const items = itemsOf(flatten(doc, from, to));
	for (const change of changes) applyChange(items, change, start, text, now);
	const built = buildBefore(doc, to, blocksOf(items));
	replaceTopLevel(tr, from, built.to, built.nodes);
}

/** The part of the old text that changes touch: outside it, old and new are the same. */
function hullOf(changes: readonly Change[]): { from: number; oldTo: number } {
	let from = Number.POSITIVE_INFINITY;
	let oldTo = 0;
	let newTo = 0;
	for (const change of changes) {
		const { at, gone, came } = extent(change);
		if (from === Number.POSITIVE_INFINITY) oldTo = newTo = at;
		from = Math.min(from, at);
		const end = at + gone;
		if (end > newTo) {
			oldTo += end - newTo;
			newTo = end;
		}
		newTo += came - gone;
	}
	return { from, oldTo };
}

function extent(change: Change): { at: number; gone: number; came: number } {
	switch (change.kind) {
		case "insert":
			return { at: change.at, gone: 0, came: change.text.length };
		case "delete":
			return { at: change.at, gone: change.length, came: 0 };
		case "block":
			return { at: change.at, gone: 0, came: 1 };
		case "mark":
			return { at: change.from, gone: change.to - change.from, came: change.to - change.from };
		case "update":
			return { at: change.at, gone: 1, came: 1 };
	}
}

function itemsOf(blocks: readonly FlatBlock[]): Item[] {
	return blocks.flatMap((block): Item[] => [
		...(block.marker === null ? [] : [{ marker: block.marker }]),
		...block.pieces,
	]);
}

/** Cuts a sequence of markers and text into blocks. A divider holds no text: what follows it stands alone. */
function blocksOf(items: readonly Item[]): FlatBlock[] {
	const blocks: { marker: Marker | null; pieces: Piece[]; node: Node | null; pos: number }[] = [];
	for (const item of items) {
		if ("marker" in item) blocks.push({ marker: item.marker, pieces: [], node: null, pos: 0 });
		else {
			const last = blocks.at(-1);
			if (last === undefined || last.marker?.type === "divider") {
				blocks.push({ marker: null, pieces: [item], node: null, pos: 0 });
			} else last.pieces.push(item);
		}
	}
	return blocks;
}

const plain: Marker = { type: "paragraph", parents: [], level: 0 };

function applyChange(items: Item[], change: Change, start: number, text: RichText, now: Whereabouts): void {
	switch (change.kind) {
		case "insert":
			items.splice(cutAt(items, change.at - start), 0, { text: change.text, marks: marksFrom(change.marks) });
			break;
		case "block": {
			// What the marker says is told after all changes of the sequence; the text has it by now.
			const at = now(change.at);
			const marker = (at === null ? null : text.blockAt(at)) ?? plain;
			items.splice(cutAt(items, change.at - start), 0, { marker });
			break;
		}
		case "delete": {
			const first = cutAt(items, change.at - start);
			items.splice(first, cutAt(items, change.at + change.length - start) - first);
			break;
		}
		case "mark": {
			const first = cutAt(items, change.from - start);
			const last = cutAt(items, change.to - start);
			for (let i = first; i < last; i++) {
				const item = items[i] as Item;
				if (!("marker" in item)) items[i] = { text: item.text, marks: remarked(item, change) };
			}
			break;
		}
		case "update": {
			const marker = text.blockAt(change.at);
			const index = cutAt(items, change.at - start);
			const item = items[index];
			if (marker !== null && item !== undefined && "marker" in item) items[index] = { marker };
			break;
		}
	}
}

function remarked(piece: Piece, change: Extract<Change, { kind: "mark" }>): Piece["marks"] {
	const [mark] = marksFrom({ [change.name]: change.value as string | boolean | null });
	if (mark !== undefined) return mark.addToSet(piece.marks);
	return piece.marks.filter((other) => other.type.name !== change.name);
}

/** The index of the item that begins at the offset; a run of text that reaches over it is cut in two. */
function cutAt(items: Item[], offset: number): number {
	let rest = offset;
	for (let i = 0; i < items.length; i++) {
		if (rest === 0) return i;
		const item = items[i] as Item;
		const length = "marker" in item ? 1 : item.text.length;
		if (rest < length && !("marker" in item)) {
			const { text, marks } = item;
			items.splice(i, 1, { text: text.slice(0, rest), marks }, { text: text.slice(rest), marks });
			return i + 1;
		}
		rest -= length;
	}
	return items.length;
}

/**
 * Keeps the selection on the text it was on. What others insert right at the caret goes behind it: what this
 * person types next must join what they typed before.
 */
function keepSelection(state: EditorState, tr: Transaction, changes: readonly Change[]): void {
	const { selection } = state;
	if (!(selection instanceof TextSelection) || changes.length === 0) return;
	const maps = changes.flatMap((change) => {
		const { at, gone, came } = extent(change);
		return change.kind === "mark" || change.kind === "update" ? [] : [new StepMap([at, gone, came])];
	});
	const moved = (pos: number, assoc: number): number => {
		let flat = toFlat(state.doc, pos);
		for (const map of maps) flat = map.map(flat, assoc);
		return fromFlat(tr.doc, flat);
	};
	const forward = selection.anchor <= selection.head;
	const anchor = moved(selection.anchor, selection.empty || !forward ? -1 : 1);
	const head = selection.empty ? anchor : moved(selection.head, forward ? -1 : 1);
	if (anchor === tr.selection.anchor && head === tr.selection.head) return;
	const [$anchor, $head] = [tr.doc.resolve(anchor), tr.doc.resolve(head)];
	if ($anchor.parent.inlineContent && $head.parent.inlineContent) {
		tr.setSelection(new TextSelection($anchor, $head));
	}
}
