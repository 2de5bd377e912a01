import type { Fragment, Mark, Node } from "prosemirror-model";
import type { Marker } from "../replica";
import {
	boxTypeOf,
	canonical,
	itemTypeOf,
	type Kept,
	placeOf,
	sameList,
	sameMarker,
	shownAs,
	typeOf,
} from "./marker";
import { isBox, isLeafBlock, isList, nodes } from "./schema";

/**
 * A text document as its format has it: one sequence of block markers and UTF-16 code units. Positions in it
 * are called flat positions; a marker takes one, a line break inside a block is a "\n".
 */
export interface FlatBlock {
	/** Null for text that has no marker of its own: before the first one, or after a divider. */
	marker: Marker | null;
	pieces: readonly Piece[];
	/** The editor's node that shows exactly this, if there is one. */
	node: Node | null;
	/** Where that node begins in the editor's document. */
	pos: number;
}

export interface Piece {
	text: string;
	marks: readonly Mark[];
}

/** Half a surrogate pair, which neither UTF-8 nor Automerge can hold. */
const LONE = /\p{Surrogate}/gu;

export function wellFormed(text: string): string {
	return text.replace(LONE, "\ufffd");
}

export function isWellFormed(text: string): boolean {
	return text.search(LONE) < 0;
}

/** The text and marks of a leaf block's content, adjacent pieces with equal marks joined. */
export function piecesOf(content: Fragment): Piece[] {
	const pieces: Piece[] = [];
	content.forEach((child) => {
		addPiece(pieces, child.isText ? wellFormed(child.text ?? "") : "\n", child.marks);
	});
	return pieces;
}

export function addPiece(pieces: Piece[], text: string, marks: readonly Mark[]): void {
	if (text === "") return;
	const last = pieces.at(-1);
	if (last !== undefined && sameMarks(last.marks, marks))
		pieces[pieces.length - 1] = { text: last.text + text, marks };
	else pieces.push({ text, marks });
}

export function sameMarks(a: readonly Mark[], b: readonly Mark[]): boolean {
	return a === b || (a.length === b.length && a.every((mark, i) => mark.eq(b[i] as Mark)));
}

/** The document's top-level nodes from index `from` to `to`, flattened. */
export function flatten(doc: Node, from = 0, to = doc.childCount): FlatBlock[] {
	const blocks: FlatBlock[] = [];
	let before: readonly string[] = from === 0 ? [] : lastPath(doc.child(from - 1));

	const leaf = (
		node: Node,
		pos: number,
		parent: Node,
		index: number,
		path: readonly string[],
		begins: boolean,
	) => {
		const done = begins && parent.attrs.done === true;
		const marker = hasMarker(node, parent, index) ? markerOf(node, path, { begins, done }, before) : null;
		blocks.push({ marker, pieces: piecesOf(node.content), node, pos });
		before = path;
	};
	const walk = (
		parent: Node,
		start: number,
		first: number,
		last: number,
		path: readonly string[],
		item: boolean,
	) => {
		let pos = start;
		for (let i = first; i < last; i++) {
			const node = parent.child(i);
			if (isLeafBlock(node)) leaf(node, pos, parent, i, path, item && i === 0);
			else if (isList(node)) {
				const inside = [...path, itemTypeOf(node)];
				node.forEach((child, offset) => {
					walk(child, pos + offset + 2, 0, child.childCount, inside, true);
				});
			} else walk(node, pos + 1, 0, node.childCount, [...path, boxTypeOf(node)], false);
			pos += node.nodeSize;
		}
	};
	walk(doc, topLevelStart(doc, from), from, to, [], false);
	return blocks;
}

/** The containers around the last leaf block in `node`, after those in `path`. */
export function lastPath(node: Node, path: string[] = []): string[] {
	if (isLeafBlock(node) || node.lastChild === null) return path;
	if (isList(node)) return lastPath(node.lastChild, [...path, itemTypeOf(node)]);
	return lastPath(node.lastChild, isBox(node) ? [...path, boxTypeOf(node)] : path);
}

function markerOf(
	node: Node,
	path: readonly string[],
	{ begins, done }: { begins: boolean; done: boolean },
	before: readonly string[],
): Marker {
	const now = canonical({ path, shared: 0, begins }, typeOf(node), Number(node.attrs.level ?? 0), done);
	const kept = node.attrs.kept as Kept | null;
	if (kept?.marker == null) return now;
	const place = placeOf(kept.marker, before);
	if (sameMarker(now, kept.shown) && place.begins === begins && sameList(place.path, path))
		return kept.marker;
	// The block was moved; a type that only another program knows stays with it.
	const unknown = now.type === "paragraph" && shownAs(kept.marker.type) === "paragraph" && !place.begins;
	return unknown ? { ...now, type: kept.marker.type } : now;
}

/**
 * Whether a leaf block has a marker. Text without one is read as a paragraph and stays so while it begins the
 * document or follows a divider.
 */
function hasMarker(node: Node, parent: Node, index: number): boolean {
	const kept = node.attrs.kept as Kept | null;
	if (kept === null || kept.marker !== null || node.type !== nodes.paragraph) return true;
	if (index > 0) return node.content.size === 0 || parent.child(index - 1).type !== nodes.horizontal_rule;
	if (parent.type !== nodes.doc) return true;
	return node.content.size === 0 && parent.childCount > 1;
}

// Nodes never change, so a node's length can be remembered for as long as the node lives. NaN marks the few
// that hold text without a marker, whose length depends on what stands before them.
const lengths = new WeakMap<Node, number>();

/** How many flat positions a node takes. */
export function flatLength(node: Node, parent: Node, index: number): number {
	const known = lengths.get(node);
	if (known !== undefined && !Number.isNaN(known)) return known;
	if (isLeafBlock(node)) {
		const kept = node.attrs.kept as Kept | null;
		const length = (hasMarker(node, parent, index) ? 1 : 0) + node.content.size;
		lengths.set(node, kept?.marker === null ? Number.NaN : length);
		return length;
	}
	let length = 0;
	let certain = true;
	for (let i = 0; i < node.childCount; i++) {
		const child = node.child(i);
		length += flatLength(child, node, i);
		certain &&= !Number.isNaN(lengths.get(child));
	}
	lengths.set(node, certain ? length : Number.NaN);
	return length;
}

export function flatSize(doc: Node): number {
	return flatStart(doc, doc.childCount);
}

/** The flat position at which the top-level node `index` begins. */
export function flatStart(doc: Node, index: number): number {
	let flat = 0;
	for (let i = 0; i < index; i++) flat += flatLength(doc.child(i), doc, i);
	return flat;
}

/** The editor's position at which the top-level node `index` begins. */
export function topLevelStart(doc: Node, index: number): number {
	let pos = 0;
	for (let i = 0; i < index; i++) pos += doc.child(i).nodeSize;
	return pos;
}

/** The flat position of a position in the editor's document; between blocks, that of the next marker. */
export function toFlat(doc: Node, pos: number): number {
	let flat = 0;
	let parent = doc;
	let rest = pos;
	for (;;) {
		let into: Node | null = null;
		for (let i = 0; i < parent.childCount && rest > 0; i++) {
			const child = parent.child(i);
			if (rest < child.nodeSize) {
				rest -= 1;
				if (isLeafBlock(child)) return flat + (hasMarker(child, parent, i) ? 1 : 0) + rest;
				into = child;
				break;
			}
			rest -= child.nodeSize;
			flat += flatLength(child, parent, i);
		}
		if (into === null) return flat;
		parent = into;
	}
}

/** A place in the text of one leaf block. */
export interface Spot {
	node: Node;
	/** Where the node begins in the editor's document. */
	pos: number;
	/** Code units from the start of the node's text. */
	offset: number;
	hasMarker: boolean;
}

/**
 * Finds the text that the flat position `flat` is in. A position just before a marker is the end of the text
 * before it; one before the first marker, where nothing is, is the start of the first block's text.
 */
export function spotAt(doc: Node, flat: number): Spot {
	let rest = Math.max(0, flat);
	let pos = 0;
	let parent = doc;
	let last: Spot | null = null;
	descend: for (;;) {
		for (let i = 0; i < parent.childCount; i++) {
			const child = parent.child(i);
			const length = flatLength(child, parent, i);
			const next = parent.maybeChild(i + 1);
			// The end of this node is also where the next begins; a divider has no text to be in, unmarked text has.
			const beyond =
				rest > length || (rest === length && next !== null && !isLeafBlockWithMarker(next, parent, i + 1));
			if (beyond && next !== null) {
				rest -= length;
				pos += child.nodeSize;
				continue;
			}
			if (isLeafBlock(child)) {
				const marked = hasMarker(child, parent, i);
				const offset = Math.min(Math.max(0, rest - (marked ? 1 : 0)), child.content.size);
				last = { node: child, pos, offset, hasMarker: marked };
				break descend;
			}
			parent = child;
			pos += 1;
			continue descend;
		}
		throw new RangeError("a document without blocks");
	}
	return last;
}

function isLeafBlockWithMarker(node: Node, parent: Node, index: number): boolean {
	return !isLeafBlock(node) || hasMarker(node, parent, index);
}

/** The editor's position of a flat position. */
export function fromFlat(doc: Node, flat: number): number {
	const spot = spotAt(doc, flat);
	return spot.node.isTextblock ? spot.pos + 1 + spot.offset : spot.pos;
}

/** The index of the top-level node that holds `flat`; a position just before a marker belongs to the node before. */
export function topLevelAt(doc: Node, flat: number): number {
	let rest = flat;
	for (let i = 0; i < doc.childCount - 1; i++) {
		const length = flatLength(doc.child(i), doc, i);
		if (rest <= length) return i;
		rest -= length;
	}
	return doc.childCount - 1;
}
