import type { Node } from "prosemirror-model";
import { isLeafBlock } from "./schema";

/** A leaf block of a document, and what it stands in. */
export interface Placed {
	node: Node;
	pos: number;
	parent: Node | null;
}

interface Range {
	from: number;
	to: number;
}

/** What two documents have in common, as a flat range of each. */
export interface Gap {
	a: Range;
	b: Range;
}

// Every block is compared with every other; beyond this the comparison would cost more than it saves.
const MAX_PAIRS = 2500;

/** The leaf blocks that lie wholly between two positions. */
export function blocksBetween(doc: Node, from: number, to: number): Placed[] {
	const found: Placed[] = [];
	doc.nodesBetween(from, to, (node, pos, parent) => {
		if (!isLeafBlock(node)) return true;
		if (pos >= from && pos + node.nodeSize <= to) found.push({ node, pos, parent });
		return false;
	});
	return found;
}

/**
 * The largest part that two lists of blocks share: a run of equal siblings, or the text of one block that has
 * become another kind of block.
 */
export function largestGap(a: readonly Placed[], b: readonly Placed[]): Gap | null {
	if (a.length * b.length > MAX_PAIRS) return null;
	let best: Gap | null = null;
	let bestSize = 0;
	for (let i = 0; i < a.length; i++) {
		for (let j = 0; j < b.length; j++) {
			const gap = run(a, i, b, j) ?? sameContent(a[i], b[j]);
			const size = gap === null ? 0 : gap.a.to - gap.a.from;
			if (size > bestSize) [best, bestSize] = [gap, size];
		}
	}
	return best;
}

/** The run of equal siblings that begins with these two blocks. */
function run(a: readonly Placed[], i: number, b: readonly Placed[], j: number): Gap | null {
	let n = 0;
	for (let [x, y] = [a[i], b[j]]; x?.node && y?.node && x.node.eq(y.node); x = a[i + n], y = b[j + n]) {
		if (n > 0 && (!follows(a[i + n - 1], x) || !follows(b[j + n - 1], y))) break;
		n++;
	}
	const [first, last, start, end] = [a[i], a[i + n - 1], b[j], b[j + n - 1]];
	if (n === 0 || !first || !last || !start || !end) return null;
	return {
		a: { from: first.pos, to: last.pos + last.node.nodeSize },
		b: { from: start.pos, to: end.pos + end.node.nodeSize },
	};
}

function follows(before: Placed | undefined, after: Placed): boolean {
	return (
		before?.parent === after.parent &&
		before?.pos !== undefined &&
		before.pos + before.node.nodeSize === after.pos
	);
}

function sameContent(a: Placed | undefined, b: Placed | undefined): Gap | null {
	if (!a?.node.isTextblock || !b?.node.isTextblock || !a.node.content.eq(b.node.content)) return null;
	return { a: inside(a), b: inside(b) };
}

function inside({ node, pos }: Placed): Range {
	return { from: pos + 1, to: pos + 1 + node.content.size };
}
