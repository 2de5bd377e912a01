import type { Mark, Node } from "prosemirror-model";
import type { Change, Marker, RichText, Span } from "../replica";
import { marksFrom } from "./build";
import type { FlatBlock, Piece } from "./flat";

/** What others changed in a text, in order, each in the positions that the ones before it left. */
export type Edit =
	| { readonly kind: "insert"; readonly at: number; readonly text: string; readonly marks: readonly Mark[] }
	| { readonly kind: "delete"; readonly at: number; readonly length: number }
	| {
			readonly kind: "mark";
			readonly at: number;
			readonly length: number;
			readonly name: string;
			/** Undefined where the mark is taken away, or is one that is not shown. */
			readonly mark: Mark | undefined;
	  }
	| { readonly kind: "block"; readonly at: number; readonly marker: Marker }
	| { readonly kind: "update"; readonly at: number; readonly marker: Marker };

/**
 * The edits that changes amount to. What markers say is told after all changes of a sequence, and all of it is
 * in the text by now: a new marker is looked up where it stands in the end.
 */
export function editsFor(text: RichText, changes: readonly Change[]): Edit[] {
	const editsOf = (change: Change, i: number): Edit[] => {
		switch (change.kind) {
			case "insert":
				return [{ kind: "insert", at: change.at, text: change.text, marks: marksFrom(change.marks) }];
			case "delete":
				return [change];
			case "mark": {
				const [mark] = marksFrom({ [change.name]: change.value as string | boolean | null });
				return [{ kind: "mark", at: change.from, length: change.to - change.from, name: change.name, mark }];
			}
			case "block": {
				const at = follow(change.at, changes.slice(i + 1));
				return [{ kind: "block", at: change.at, marker: (at === null ? null : text.blockAt(at)) ?? plain }];
			}
			case "update": {
				const marker = text.blockAt(change.at);
				return marker === null ? [] : [{ kind: "update", at: change.at, marker }];
			}
		}
	};
	return changes.flatMap(editsOf);
}

const plain: Marker = { type: "paragraph", parents: [], level: 0 };

/** Where a marker stands after later changes, or null if one of them took it away. */
function follow(at: number, later: readonly Change[]): number | null {
	let pos = at;
	for (const change of later) {
		if (change.kind === "mark" || change.kind === "update" || change.at > pos) continue;
		const { gone, came } = extent(change);
		if (change.at + gone > pos) return null;
		pos += came - gone;
	}
	return pos;
}

/** How much of the old text an edit replaces, and by how much. */
export function extent(edit: Edit | Exclude<Change, { kind: "mark" }>): { gone: number; came: number } {
	switch (edit.kind) {
		case "insert":
			return { gone: 0, came: edit.text.length };
		case "delete":
			return { gone: edit.length, came: 0 };
		case "block":
			return { gone: 0, came: 1 };
		case "mark":
			return { gone: edit.length, came: edit.length };
		case "update":
			return { gone: 1, came: 1 };
	}
}

/** The part of the old text that edits touch: outside it, old and new are the same. */
export function hullOf(edits: readonly Edit[]): { from: number; oldTo: number } {
	let from = Number.POSITIVE_INFINITY;
	let [oldTo, newTo] = [0, 0];
	for (const edit of edits) {
		const { gone, came } = extent(edit);
		if (from === Number.POSITIVE_INFINITY) oldTo = newTo = edit.at;
		from = Math.min(from, edit.at);
		const beyond = Math.max(0, edit.at + gone - newTo);
		oldTo += beyond;
		newTo += beyond + came - gone;
	}
	return { from, oldTo };
}

/** A marker or a run of text, as edits cut and join them. */
export type Item = { marker: Marker; node: Node | null } | Piece;

export function itemsOf(blocks: readonly FlatBlock[]): Item[] {
	return blocks.flatMap(({ marker, node, pieces }) => [
		...(marker === null ? [] : [{ marker, node }]),
		...pieces,
	]);
}

export function itemsIn(spans: readonly Span[]): Item[] {
	return spans.map((span) =>
		span.type === "block"
			? { marker: span.marker, node: null }
			: { text: span.text, marks: marksFrom(span.marks) },
	);
}

/** Cuts a sequence of markers and text into blocks. A divider holds no text: what follows it stands alone. */
export function blocksOf(items: readonly Item[]): FlatBlock[] {
	const blocks: (FlatBlock & { pieces: Piece[] })[] = [];
	for (const item of items) {
		if ("marker" in item) {
			blocks.push({ ...item, pieces: [], pos: 0 });
			continue;
		}
		const last = blocks.at(-1);
		if (last === undefined || last.marker?.type === "divider") {
			blocks.push({ marker: null, pieces: [item], node: null, pos: 0 });
		} else last.pieces.push(item);
	}
	return blocks;
}

/** Applies an edit to items that begin at the flat position `start`. */
export function applyEdit(items: Item[], edit: Edit, start: number): void {
	const first = cutAt(items, edit.at - start);
	switch (edit.kind) {
		case "insert":
			items.splice(first, 0, { text: edit.text, marks: edit.marks });
			break;
		case "block":
			items.splice(first, 0, { marker: edit.marker, node: null });
			break;
		case "delete":
			items.splice(first, cutAt(items, edit.at + edit.length - start) - first);
			break;
		case "mark": {
			const last = cutAt(items, edit.at + edit.length - start);
			for (let i = first; i < last; i++) {
				const item = items[i] as Item;
				if ("marker" in item) continue;
				const others = item.marks.filter((mark) => mark.type.name !== edit.name);
				items[i] = { text: item.text, marks: edit.mark?.addToSet(others) ?? others };
			}
			break;
		}
		case "update": {
			const item = items[first];
			if (item !== undefined && "marker" in item) items[first] = { marker: edit.marker, node: item.node };
			break;
		}
	}
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
