import type { Node } from "prosemirror-model";
import type { Transaction } from "prosemirror-state";
import { ReplaceStep, type Step } from "prosemirror-transform";
import type { RichText } from "../replica";
import { type FlatBlock, flatStart, flatten, isWellFormed, type Piece, piecesOf, toFlat } from "./flat";
import { isHigh, isLow, replaceUnits, type Unit, writeMarker } from "./units";

/** Writes what a transaction of this window did into the text, step by step, each at its place. */
export function writeTransaction(text: RichText, transaction: Transaction): void {
	transaction.steps.forEach((step, i) => {
		const before = transaction.docs[i] as Node;
		writeStep(text, step, before, transaction.docs[i + 1] ?? transaction.doc);
	});
}

function writeStep(text: RichText, step: Step, before: Node, after: Node): void {
	const typing = inlineReplacement(step, before);
	if (typing !== null) {
		const at = toFlat(before, typing.from);
		const old = piecesOf(before.slice(typing.from, typing.to).content);
		replaceUnits(text, at, unitsOf(old), unitsOf(piecesOf(typing.slice.content)));
		return;
	}
	writeRange(text, step, before, after);
}

/**
 * The step as a replacement of text inside one block that changes nothing but that text, or null. This is
 * what typing is, and what must be fast.
 */
export function inlineReplacement(step: Step, doc: Node): ReplaceStep | null {
	if (!(step instanceof ReplaceStep)) return null;
	const { from, to, slice } = step;
	if (slice.openStart > 0 || slice.openEnd > 0) return null;
	const $from = doc.resolve(from);
	const parent = $from.parent;
	if (!parent.isTextblock || parent.attrs.kept !== null || to > $from.end()) return null;
	let plain = true;
	slice.content.forEach((node) => {
		// A "\n" in plain text has yet to become a line break, which the normaliser does.
		const text = node.text ?? "";
		plain &&= node.isInline && isWellFormed(text) && (parent.type.spec.code === true || !text.includes("\n"));
	});
	return plain && !cutsPair(doc, from) && !cutsPair(doc, to) ? step : null;
}

function cutsPair(doc: Node, pos: number): boolean {
	const $pos = doc.resolve(pos);
	if ($pos.textOffset === 0) return false;
	return !isWellFormed($pos.nodeBefore?.text?.slice(-1) ?? "");
}

/** Compares the top-level nodes that a step touched, aligned by what the step itself says it replaced. */
function writeRange(text: RichText, step: Step, before: Node, after: Node): void {
	const range = changedRange(before, after);
	if (range === null) return;
	const old = unitsIn(flatten(before, range.from, range.oldTo));
	const now = unitsIn(flatten(after, range.from, range.newTo));
	let at = flatStart(after, range.from);
	let i = 0;
	let j = 0;
	const take = (oldTo: number, newTo: number): [Unit[], Unit[]] => {
		const [gone, came] = [takeUntil(old, i, oldTo), takeUntil(now, j, newTo)];
		[i, j] = [gone.next, came.next];
		return [gone.units, came.units];
	};
	for (const stretch of alignment(step, before)) {
		at = keepUnits(text, at, ...take(stretch.oldFrom, stretch.newFrom));
		at = replaceUnits(text, at, ...take(stretch.oldTo, stretch.newTo));
	}
	keepUnits(text, at, ...take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY));
}

/**
 * The top-level nodes in which two documents differ, by identity and with what stands next to them: a block's
 * marker depends on the block in front of it.
 */
export function changedRange(
	before: Node,
	after: Node,
): { from: number; oldTo: number; newTo: number } | null {
	const limit = Math.min(before.childCount, after.childCount);
	let from = 0;
	while (from < limit && before.child(from) === after.child(from)) from++;
	let end = 0;
	while (
		end < limit - from &&
		before.child(before.childCount - 1 - end) === after.child(after.childCount - 1 - end)
	) {
		end++;
	}
	if (from === before.childCount && from === after.childCount) return null;
	from = Math.max(0, from - 1);
	end = Math.max(0, end - 1);
	return { from, oldTo: before.childCount - end, newTo: after.childCount - end };
}

interface Stretch {
	oldFrom: number;
	oldTo: number;
	newFrom: number;
	newTo: number;
}

/** What a step replaced, in order. One that moves nothing (marks, attributes) may have changed anything. */
function alignment(step: Step, before: Node): Stretch[] {
	const stretches: Stretch[] = [];
	step.getMap().forEach((oldFrom, oldTo, newFrom, newTo) => {
		stretches.push(wholePairs({ oldFrom, oldTo, newFrom, newTo }, before));
	});
	if (stretches.length > 0) return stretches;
	return [{ oldFrom: 0, oldTo: Number.POSITIVE_INFINITY, newFrom: 0, newTo: Number.POSITIVE_INFINITY }];
}

/** The stretch without cutting surrogate pairs: of some, a step replaces only the half that differs. */
function wholePairs(stretch: Stretch, before: Node): Stretch {
	const front = isHigh(before.resolve(stretch.oldFrom).nodeBefore?.text?.at(-1)) ? 1 : 0;
	const back = isLow(before.resolve(stretch.oldTo).nodeAfter?.text?.[0]) ? 1 : 0;
	return {
		oldFrom: stretch.oldFrom - front,
		oldTo: stretch.oldTo + back,
		newFrom: stretch.newFrom - front,
		newTo: stretch.newTo + back,
	};
}

function unitsIn(blocks: readonly FlatBlock[]): Unit[] {
	const units: Unit[] = [];
	for (const block of blocks) {
		units.push({ marker: block.marker, pos: block.pos });
		let pos = block.pos + 1;
		for (const piece of block.pieces) {
			units.push({ piece, pos });
			pos += piece.text.length;
		}
	}
	return units;
}

function unitsOf(pieces: readonly Piece[]): Unit[] {
	return pieces.map((piece) => ({ piece, pos: 0 }));
}

/** The units from index `from` that begin before `pos`; a run of text that reaches beyond is cut in place. */
function takeUntil(units: Unit[], from: number, pos: number): { units: Unit[]; next: number } {
	let next = from;
	for (; next < units.length; next++) {
		const unit = units[next] as Unit;
		if (unit.pos >= pos) break;
		if (!("piece" in unit) || unit.pos + unit.piece.text.length <= pos) continue;
		const { text, marks } = unit.piece;
		const cut = pos - unit.pos;
		units.splice(
			next,
			1,
			{ piece: { text: text.slice(0, cut), marks }, pos: unit.pos },
			{ piece: { text: text.slice(cut), marks }, pos },
		);
		next++;
		break;
	}
	return { units: units.slice(from, next), next };
}

/**
 * Goes over units that stay and stand at `at`: only what their markers say may have changed. Answers where the
 * units after them begin.
 */
function keepUnits(text: RichText, at: number, old: readonly Unit[], now: readonly Unit[]): number {
	const before = old.flatMap((unit) => ("marker" in unit ? [unit.marker] : []));
	let next = at;
	let k = 0;
	for (const unit of now) {
		if ("marker" in unit) next = writeMarker(text, next, before[k++] ?? null, unit.marker);
		else next += unit.piece.text.length;
	}
	return next;
}
