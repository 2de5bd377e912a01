import { Fragment, type Mark, type Node, Slice } from "prosemirror-model";
import type { Transaction } from "prosemirror-state";
import { ReplaceAroundStep, ReplaceStep } from "prosemirror-transform";
import { topLevelStart } from "./flat";
import { blocksBetween, largestGap } from "./gap";
import { nodes } from "./schema";

/**
 * Turns the top-level nodes from index `from` to `to` into `target` with steps that leave alone what is the
 * same: positions in untouched text stay mapped, so the selection and the undo history survive.
 */
export function replaceTopLevel(tr: Transaction, from: number, to: number, target: readonly Node[]): void {
	const { doc } = tr;
	const old: Node[] = [];
	for (let i = from; i < to; i++) old.push(doc.child(i));
	replaceChildren(tr, topLevelStart(doc, from), old, target);
}

/** Replaces sibling nodes that begin at `start` of the transaction's document. */
function replaceChildren(tr: Transaction, start: number, old: readonly Node[], now: readonly Node[]): void {
	// From the last pair to the first, so that the positions of those still to come stay right.
	for (const stretch of stretches(old, now).reverse()) {
		let pos = start;
		for (let i = 0; i < stretch.oldFrom; i++) pos += (old[i] as Node).nodeSize;
		const gone = old.slice(stretch.oldFrom, stretch.oldTo);
		const came = now.slice(stretch.newFrom, stretch.newTo);
		if (gone.length === came.length) {
			let end = pos + size(gone);
			for (let i = gone.length - 1; i >= 0; i--) {
				const [a, b] = [gone[i] as Node, came[i] as Node];
				end -= a.nodeSize;
				replaceNode(tr, end, a, b);
			}
		} else replaceStretch(tr, pos, gone, came);
	}
}

interface Stretch {
	oldFrom: number;
	oldTo: number;
	newFrom: number;
	newTo: number;
}

/** The runs in which two lists of nodes differ, found by the nodes they share, in order. */
function stretches(old: readonly Node[], now: readonly Node[]): Stretch[] {
	let head = 0;
	while (head < old.length && head < now.length && old[head]?.eq(now[head] as Node)) head++;
	let tail = 0;
	const limit = Math.min(old.length, now.length) - head;
	while (tail < limit && old[old.length - 1 - tail]?.eq(now[now.length - 1 - tail] as Node)) tail++;

	const places = new Map<Node, number>();
	for (let i = head; i < old.length - tail; i++) places.set(old[i] as Node, i);
	const found: Stretch[] = [];
	let [oldFrom, newFrom] = [head, head];
	const close = (oldTo: number, newTo: number) => {
		if (oldTo > oldFrom || newTo > newFrom) found.push({ oldFrom, oldTo, newFrom, newTo });
	};
	for (let j = head; j < now.length - tail; j++) {
		const i = places.get(now[j] as Node);
		if (i === undefined || i < oldFrom) continue;
		close(i, j);
		[oldFrom, newFrom] = [i + 1, j + 1];
	}
	close(old.length - tail, now.length - tail);
	return found;
}

/** Replaces one node by one node, deep inside if that is where they differ. */
function replaceNode(tr: Transaction, pos: number, old: Node, now: Node): void {
	if (old.eq(now)) return;
	if (!old.sameMarkup(now)) {
		if (old.content.eq(now.content) && !old.isLeaf) remake(tr, pos, old, now);
		else replaceStretch(tr, pos, [old], [now]);
	} else if (old.isTextblock) replaceText(tr, pos, old, now);
	else replaceChildren(tr, pos + 1, children(old), children(now));
}

/** The same content in a node of another kind: the content stays where it is. */
function remake(tr: Transaction, pos: number, old: Node, now: Node): void {
	const end = pos + old.nodeSize;
	const shell = new Slice(Fragment.from(now.type.create(now.attrs)), 0, 0);
	tr.step(new ReplaceAroundStep(pos, end, pos + 1, end - 1, shell, 1, true));
}

function replaceText(tr: Transaction, pos: number, old: Node, now: Node): void {
	if (sameText(old, now)) {
		remark(tr, pos + 1, old, now);
		return;
	}
	const from = old.content.findDiffStart(now.content);
	const ends = old.content.findDiffEnd(now.content);
	if (from === null || ends === null) return;
	const overlap = Math.max(0, from - Math.min(ends.a, ends.b));
	const slice = now.slice(from, ends.b + overlap);
	tr.step(new ReplaceStep(pos + 1 + from, pos + 1 + ends.a + overlap, slice));
}

/** Whether two text blocks differ in their marks only. */
function sameText(old: Node, now: Node): boolean {
	return old.content.size === now.content.size && withoutMarks(old).eq(withoutMarks(now));
}

function withoutMarks(node: Node): Fragment {
	const bare: Node[] = [];
	node.forEach((child) => {
		bare.push(child.mark([]));
	});
	return Fragment.from(bare);
}

/** Gives text that stays the marks it has in `now`. */
function remark(tr: Transaction, start: number, old: Node, now: Node): void {
	let pos = 0;
	while (pos < old.content.size) {
		const a = nodeAt(old, pos);
		const b = nodeAt(now, pos);
		const end = Math.min(a.end, b.end);
		const [from, to] = [start + pos, start + end];
		for (const mark of missing(a.marks, b.marks)) tr.removeMark(from, to, mark);
		for (const mark of missing(b.marks, a.marks)) tr.addMark(from, to, mark);
		pos = end;
	}
}

function nodeAt(node: Node, pos: number): { marks: readonly Mark[]; end: number } {
	const { node: child, offset } = node.childAfter(pos);
	if (child === null) throw new RangeError(`no inline node at ${pos}`);
	return { marks: child.marks, end: offset + child.nodeSize };
}

function missing(from: readonly Mark[], others: readonly Mark[]): Mark[] {
	return from.filter((mark) => !mark.isInSet(others));
}

/** Replaces a run of nodes by another, from the first place where they differ to the last. */
function replaceStretch(tr: Transaction, pos: number, old: readonly Node[], now: readonly Node[]): void {
	const a = Fragment.from([...old]);
	const b = Fragment.from([...now]);
	const start = a.findDiffStart(b);
	const ends = a.findDiffEnd(b);
	if (start === null || ends === null) return;
	const overlap = Math.max(0, start - Math.min(ends.a, ends.b));
	const oldTo = ends.a + overlap;
	const newTo = ends.b + overlap;
	const step = around(pos, a, b, start, oldTo, newTo) ?? replacement(pos, b, start, oldTo, newTo);
	const whole = new ReplaceStep(pos, pos + a.size, new Slice(b, 0, 0));
	// Where two trees meet at different depths, the smaller step may not give what is wanted.
	const { doc } = whole.apply(tr.doc);
	tr.step(doc !== null && step.apply(tr.doc).doc?.eq(doc) ? step : whole);
}

function replacement(pos: number, now: Fragment, from: number, oldTo: number, newTo: number): ReplaceStep {
	return new ReplaceStep(pos + from, pos + oldTo, sliceOf(now, from, newTo));
}

/** A slice of sibling nodes, open where it cuts them. */
function sliceOf(fragment: Fragment, from: number, to: number): Slice {
	return shell(fragment).slice(from, to);
}

function shell(fragment: Fragment): Node {
	return nodes.doc.create(null, fragment);
}

/**
 * Where the differing ranges hold the same blocks in other containers (a list made of paragraphs, an item moved
 * in), a step that changes the containers and leaves the most of the blocks where they are.
 */
function around(
	pos: number,
	old: Fragment,
	now: Fragment,
	from: number,
	oldTo: number,
	newTo: number,
): ReplaceAroundStep | null {
	if (old.size === 0 || now.size === 0) return null;
	const gap = largestGap(blocksBetween(shell(old), from, oldTo), blocksBetween(shell(now), from, newTo));
	if (gap === null) return null;
	const { a, b } = gap;
	const slice = sliceOf(now, from, newTo);
	const rest = without(slice.content, b.from - from + slice.openStart, b.to - from + slice.openStart);
	const containers = new Slice(rest, slice.openStart, slice.openEnd);
	return new ReplaceAroundStep(pos + from, pos + oldTo, pos + a.from, pos + a.to, containers, b.from - from);
}

/** A fragment with the flat range taken out. */
function without(fragment: Fragment, from: number, to: number): Fragment {
	let pos = 0;
	for (let i = 0; i < fragment.childCount; i++) {
		const child = fragment.child(i);
		const end = pos + child.nodeSize;
		if (from > pos && to < end) {
			return fragment.replaceChild(i, child.copy(without(child.content, from - pos - 1, to - pos - 1)));
		}
		pos = end;
	}
	return fragment.cut(0, from).append(fragment.cut(to));
}

function children(node: Node): Node[] {
	const found: Node[] = [];
	node.forEach((child) => {
		found.push(child);
	});
	return found;
}

function size(list: readonly Node[]): number {
	return list.reduce((sum, node) => sum + node.nodeSize, 0);
}
