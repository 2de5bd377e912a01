import type { Node } from "prosemirror-model";
import { type EditorState, TextSelection, type Transaction } from "prosemirror-state";
import { StepMap } from "prosemirror-transform";
import type { Change, Marker, RichText } from "../replica";
import { build, buildBefore, inline } from "./build";
import { applyEdit, blocksOf, type Edit, editsFor, extent, hullOf, itemsIn, itemsOf } from "./edits";
import { flatStart, flatten, fromFlat, spotAt, toFlat, topLevelAt } from "./flat";
import { isItem, sameMarker } from "./marker";
import { replaceTopLevel } from "./patch";
import { nodes } from "./schema";

/** Marks the transactions that show what others did; they are neither written back nor undone. */
export const REMOTE = "parley$remote";

/** The document that a text shows. */
export function documentOf(text: RichText): Node {
	return nodes.doc.create(null, build(blocksOf(itemsIn(text.spans()))));
}

// So many changes are shown one by one, each in its place; more are compared as a whole, which costs less.
const FEW = 50;

/** The transaction that shows what others changed, or null where nothing shown changed. */
export function showChanges(
	state: EditorState,
	text: RichText,
	changes: readonly Change[],
): Transaction | null {
	const { tr } = state;
	const edits = editsFor(text, changes);
	if (edits.length > FEW) showEdits(tr, edits);
	else for (const edit of edits) showTyping(tr, edit) || showStructure(tr, edit);
	return tr.docChanged ? finish(state, tr, edits) : null;
}

/** Shows the whole text anew, in as few steps as the differences need. */
export function showAll(state: EditorState, text: RichText): Transaction | null {
	const { tr } = state;
	replaceTopLevel(tr, 0, state.doc.childCount, build(blocksOf(itemsIn(text.spans()))));
	return tr.docChanged ? finish(state, tr, []) : null;
}

function finish(state: EditorState, tr: Transaction, edits: readonly Edit[]): Transaction {
	keepSelection(state, tr, edits);
	// A bold that was switched on for the next letter stays on while others write.
	if (state.storedMarks !== null) tr.setStoredMarks(state.storedMarks);
	return tr.setMeta("addToHistory", false).setMeta(REMOTE, true);
}

/** Shows letters that came or went inside one block, by far the most frequent case; answers if it was that. */
function showTyping(tr: Transaction, edit: Edit): boolean {
	if (edit.kind !== "insert" && edit.kind !== "delete") return false;
	const spot = spotAt(tr.doc, edit.at);
	if (!spot.node.isTextblock || !spot.hasMarker || spot.node.attrs.kept !== null) return false;
	const from = spot.pos + 1 + spot.offset;
	if (toFlat(tr.doc, from) !== edit.at) return false;
	if (edit.kind === "delete") {
		if (spot.offset + edit.length > spot.node.content.size) return false;
		tr.delete(from, from + edit.length);
		return true;
	}
	const pieces = [{ text: edit.text, marks: edit.marks }];
	tr.replaceWith(from, from, inline(pieces, spot.node.type.spec.code === true));
	return true;
}

/**
 * Shows a change of blocks in steps that leave text where it is: a block is split off as one of the same kind
 * before it becomes another, and made the same kind before it is joined.
 */
function showStructure(tr: Transaction, edit: Edit): void {
	if (edit.kind === "block") {
		const same = alike(markerBefore(tr.doc, edit.at));
		showEdits(tr, [{ ...edit, marker: same }]);
		if (!sameMarker(same, edit.marker)) showEdits(tr, [{ kind: "update", at: edit.at, marker: edit.marker }]);
		return;
	}
	if (edit.kind === "delete") {
		const last = markersIn(tr.doc, edit.at, edit.at + edit.length).at(-1);
		const before = markerBefore(tr.doc, edit.at);
		if (last !== undefined && before !== null && !sameMarker(last.marker, alike(before))) {
			showEdits(tr, [{ kind: "update", at: last.at, marker: alike(before) }]);
		}
	}
	showEdits(tr, [edit]);
}

/** The marker that a second half of a block would have. */
function alike(marker: Marker | null): Marker {
	if (marker === null) return { type: "paragraph", parents: [], level: 0 };
	if (!isItem(marker.type)) return marker.type === "divider" ? { ...marker, type: "paragraph" } : marker;
	return { type: "paragraph", parents: [...marker.parents, marker.type], level: 0 };
}

/** The marker of the block that ends, or goes on, at a flat position. */
function markerBefore(doc: Node, flat: number): Marker | null {
	const top = topLevelAt(doc, flat);
	return markersIn(doc, flatStart(doc, top), flat).at(-1)?.marker ?? null;
}

/** The markers from one flat position up to another. */
function markersIn(doc: Node, from: number, to: number): { at: number; marker: Marker }[] {
	const first = topLevelAt(doc, from);
	let at = flatStart(doc, first);
	const found: { at: number; marker: Marker }[] = [];
	for (const { marker, pieces } of flatten(doc, first, topLevelAt(doc, to) + 1)) {
		if (marker !== null && at >= from && at < to) found.push({ at, marker });
		at += (marker === null ? 0 : 1) + pieces.reduce((sum, piece) => sum + piece.text.length, 0);
	}
	return found;
}

/** Shows any edits: the touched top-level nodes are flattened, changed, built again and compared. */
function showEdits(tr: Transaction, edits: readonly Edit[]): void {
	const hull = hullOf(edits);
	const { doc } = tr;
	// One more on each side: whether containers are shared depends on the neighbours.
	const from = Math.max(0, topLevelAt(doc, hull.from) - 1);
	const to = Math.min(doc.childCount, topLevelAt(doc, hull.oldTo + 1) + 2);
	const items = itemsOf(flatten(doc, from, to));
	const start = flatStart(doc, from);
	for (const edit of edits) applyEdit(items, edit, start);
	const built = buildBefore(doc, to, blocksOf(items));
	replaceTopLevel(tr, from, built.to, built.nodes);
}

/**
 * Keeps the selection on the text it was on. What others insert right at the caret goes behind it: what this
 * person types next must join what they typed before.
 */
function keepSelection(state: EditorState, tr: Transaction, edits: readonly Edit[]): void {
	const { selection } = state;
	if (!(selection instanceof TextSelection) || edits.length === 0) return;
	const maps = edits.flatMap((edit) => {
		const { gone, came } = extent(edit);
		return gone === came ? [] : [new StepMap([edit.at, gone, came])];
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
