import { Fragment, type Mark, type Node, type NodeType } from "prosemirror-model";
import { type Marker, type MarkSet, TASK } from "../replica";
import { type FlatBlock, flatten, lastPath, type Piece } from "./flat";
import {
	BULLET_ITEM,
	CALLOUT,
	canonical,
	type Kept,
	placeOf,
	QUOTE,
	sameList,
	sameMarker,
	shownAs,
	shownLevel,
} from "./marker";
import { marks, nodes, schema } from "./schema";

/**
 * Builds what `blocks` show in place of a document's top-level nodes from some index to `to`. Where the node
 * that follows would no longer stand alone (its list goes on in the new ones), it is built along.
 */
export function buildBefore(
	doc: Node,
	to: number,
	blocks: readonly FlatBlock[],
): { to: number; nodes: Node[] } {
	let all = blocks;
	let end = to;
	for (;;) {
		const built = build(all);
		const last = built.at(-1);
		if (end === doc.childCount || last === undefined) return { to: end, nodes: built };
		const next = flatten(doc, end, end + 1);
		const marker = next[0]?.marker ?? null;
		if (marker !== null) {
			const place = placeOf(marker, lastPath(last));
			const apart = place.shared === 0 && sameList(place.path, placeOf(marker, []).path);
			if (apart) return { to: end, nodes: built };
		}
		all = [...all, ...next];
		end++;
	}
}

interface Level {
	type: string;
	/** What the innermost open node of this level holds: a quote's blocks or an item's. */
	content: Node[];
	/** The finished items of a list. */
	items: Node[];
	/** Whether the item that is open is done; null where items cannot be. */
	done: boolean | null;
}

/**
 * Builds the editor's nodes from flat blocks: the same sequence gives the same nodes, and
 * `flatten(build(blocks))` gives the blocks back.
 */
export function build(blocks: readonly FlatBlock[]): Node[] {
	const top: Node[] = [];
	const open: Level[] = [];
	const inner = (): Node[] => open.at(-1)?.content ?? top;

	const close = (depth: number): void => {
		while (open.length > depth) {
			const level = open.pop() as Level;
			inner().push(closed(level));
		}
	};
	let path: readonly string[] = [];
	for (const block of blocks) {
		if (block.marker === null) {
			inner().push(unmarked(block));
			continue;
		}
		const place = placeOf(block.marker, path);
		if (place.begins) {
			const depth = place.path.length - 1;
			const type = place.path[depth] as string;
			const list = place.shared === depth && open[depth]?.type === type ? open[depth] : undefined;
			close(list === undefined ? place.shared : depth + 1);
			if (list !== undefined) {
				list.items.push(item(list));
				list.content = [];
				list.done = doneOf(block.marker, type);
			}
		} else close(place.shared);
		for (const type of place.path.slice(open.length)) {
			open.push({ type, content: [], items: [], done: doneOf(block.marker, type) });
		}
		inner().push(leafBlock(block, block.marker, place));
		path = place.path;
	}
	close(0);
	if (top.length === 0) top.push(unmarked({ marker: null, pieces: [], node: null, pos: 0 }));
	return top;
}

function closed(level: Level): Node {
	if (level.type === QUOTE) return nodes.blockquote.create(null, level.content);
	if (level.type === CALLOUT) return nodes.callout.create(null, level.content);
	return listOf(level.type).create(null, [...level.items, item(level)]);
}

function listOf(type: string): NodeType {
	if (type === TASK) return nodes.task_list;
	return type === BULLET_ITEM ? nodes.bullet_list : nodes.ordered_list;
}

function item(level: Level): Node {
	return nodes.list_item.create({ done: level.done }, level.content);
}

/** What an item of that type that a block begins has as "done". */
function doneOf(marker: Marker, type: string): boolean | null {
	return type === TASK ? marker.done === true : null;
}

function leafBlock(
	block: FlatBlock,
	marker: NonNullable<FlatBlock["marker"]>,
	place: ReturnType<typeof placeOf>,
): Node {
	const kind = shownAs(marker.type);
	const level = shownLevel(marker);
	const type = kind === "paragraph" ? "paragraph" : marker.type;
	const shown = canonical(place, type, level, marker.done === true);
	const kept: Kept | null = sameMarker(marker, shown) ? null : { marker, shown };
	return make(block, kind, kind === "heading" ? { level, kept } : { kept });
}

const noMarker: Kept = { marker: null, shown: { type: "paragraph", parents: [], level: 0 } };

function unmarked(block: FlatBlock): Node {
	return make(block, "paragraph", { kept: noMarker });
}

function make(block: FlatBlock, kind: ReturnType<typeof shownAs>, attrs: Record<string, unknown>): Node {
	const type = nodes[kind];
	const content =
		type === nodes.horizontal_rule ? Fragment.empty : inline(block.pieces, kind === "code_block");
	const node = type.create(attrs, content);
	// The very node keeps what the view and the length cache know about it.
	return block.node?.eq(node) ? block.node : node;
}

/** Inline content of pieces. Code blocks hold line breaks as text, other blocks as nodes. */
export function inline(pieces: readonly Piece[], code: boolean): Fragment {
	const content: Node[] = [];
	for (const piece of pieces) {
		if (code) {
			content.push(schema.text(piece.text, piece.marks));
			continue;
		}
		piece.text.split("\n").forEach((line, i) => {
			if (i > 0) content.push(nodes.hard_break.create(null, null, piece.marks));
			if (line !== "") content.push(schema.text(line, piece.marks));
		});
	}
	return Fragment.from(content);
}

/** The editor's marks for a mark set of the format. Marks that only other programs know are not shown. */
export function marksFrom(set: MarkSet | undefined): readonly Mark[] {
	if (set === undefined) return [];
	const found: Mark[] = [];
	if (typeof set.link === "string" && set.link !== "") found.push(marks.link.create(linkAttrs(set.link)));
	if (set.strong === true) found.push(marks.strong.create());
	if (set.em === true) found.push(marks.em.create());
	if (set.underline === true) found.push(marks.underline.create());
	if (set.strike === true) found.push(marks.strike.create());
	if (set.highlight === true) found.push(marks.highlight.create());
	if (set.code === true) found.push(marks.code.create());
	return found;
}

function linkAttrs(value: string): { href: string; title: string | null } {
	try {
		const link: unknown = JSON.parse(value);
		if (typeof link === "object" && link !== null && "href" in link && typeof link.href === "string") {
			return {
				href: link.href,
				title: "title" in link && typeof link.title === "string" ? link.title : null,
			};
		}
	} catch {
		// Another program's link, not in the format: shown as a link that leads nowhere, and left as it is.
	}
	return { href: "", title: null };
}

/** The value that a mark of the editor has in the format. */
export function markValue(mark: Mark): string | true {
	if (mark.type !== marks.link) return true;
	return JSON.stringify({ href: mark.attrs.href, title: mark.attrs.title });
}
