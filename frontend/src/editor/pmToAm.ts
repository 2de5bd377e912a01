import type { Mark, Node } from "prosemirror-model";
import type { Transaction } from "prosemirror-state";
import { AddMarkStep, RemoveMarkStep, ReplaceStep, type Step } from "prosemirror-transform";
import type { Marker, RichText } from "../replica";
import { markValue } from "./build";
import {
	addPiece,
	type FlatBlock,
	flatStart,
	flatten,
	isWellFormed,
	type Piece,
	piecesOf,
	sameMarks,
	toFlat,
	wellFormed,
} from "./flat";
import { sameMarker } from "./marker";
import { marks } from "./schema";

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

/** One element of the range that a step touched: a place where a marker may stand, or a run of text. */
type Unit = { marker: Marker | null; pos: number } | { piece: Piece; pos: number };

/** Compares the top-level nodes that a step touched, aligned by what the step itself says it replaced. */
function writeRange(text: RichText, step: Step, before: Node, after: Node): void {
	const range = changedRange(before, after);
	if (range === null) return;
	const old = unitsIn(flatten(before, range.from, range.oldTo));
	const now = unitsIn(flatten(after, range.from, range.newTo));
	const writer = new Writer(text, flatStart(after, range.from));
	let i = 0;
	let j = 0;
	const stretches = alignment(step).map((stretch) => wholePairs(stretch, before));
	for (const stretch of [...stretches, null]) {
		const oldFrom = stretch?.oldFrom ?? Number.POSITIVE_INFINITY;
		const newFrom = stretch?.newFrom ?? Number.POSITIVE_INFINITY;
		const keptOld = takeUntil(old, i, oldFrom);
		const keptNew = takeUntil(now, j, newFrom);
		i = keptOld.next;
		j = keptNew.next;
		writer.keep(keptOld.units, keptNew.units);
		if (stretch === null) break;
		const goneOld = takeUntil(old, i, stretch.oldTo);
		const cameNew = takeUntil(now, j, stretch.newTo);
		i = goneOld.next;
		j = cameNew.next;
		writer.replace(goneOld.units, cameNew.units);
	}
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

/** What a step replaced, in order. A mark step replaces its range with itself. */
function alignment(step: Step): Stretch[] {
	if (step instanceof AddMarkStep || step instanceof RemoveMarkStep) {
		return [{ oldFrom: step.from, oldTo: step.to, newFrom: step.from, newTo: step.to }];
	}
	const stretches: Stretch[] = [];
	step.getMap().forEach((oldFrom, oldTo, newFrom, newTo) => {
		stretches.push({ oldFrom, oldTo, newFrom, newTo });
	});
	return stretches;
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

/** Turns differences into operations, from left to right; `at` is where the next unit stands by now. */
class Writer {
	readonly #text: RichText;
	#at: number;

	constructor(text: RichText, at: number) {
		this.#text = text;
		this.#at = at;
	}

	/** Units that stay: only what their markers say may have changed. */
	keep(old: readonly Unit[], now: readonly Unit[]): void {
		const oldMarkers = old.flatMap((unit) => ("marker" in unit ? [unit.marker] : []));
		let k = 0;
		for (const unit of now) {
			if ("marker" in unit) this.#marker(oldMarkers[k++] ?? null, unit.marker);
			else this.#at += unit.piece.text.length;
		}
	}

	replace(old: readonly Unit[], now: readonly Unit[]): void {
		this.#at = replaceUnits(this.#text, this.#at, old, now);
	}

	#marker(old: Marker | null, now: Marker | null): void {
		this.#at = writeMarker(this.#text, this.#at, old, now);
	}
}

function writeMarker(text: RichText, at: number, old: Marker | null, now: Marker | null): number {
	if (old === null && now !== null) text.insertBlock(at, now);
	else if (old !== null && now === null) text.splice(at, 1, "");
	else if (old !== null && now !== null && !sameMarker(old, now)) text.updateBlock(at, old, now);
	return now === null ? at : at + 1;
}

/**
 * Replaces `old`, which stands at `at`, by `now`, sparing what both begin and end with. Markers in between are
 * paired in order and changed in place. Answers where the units after them begin.
 */
function replaceUnits(text: RichText, at: number, old: readonly Unit[], now: readonly Unit[]): number {
	const a = old.filter(hasLength);
	const b = now.filter(hasLength);
	let start = at;
	while (a[0] !== undefined && b[0] !== undefined) {
		const same = sharedStart(a, b);
		if (same < 0) break;
		start += same;
	}
	let tail = 0;
	while (a.length > 0 && b.length > 0) {
		const same = sharedEnd(a, b);
		if (same < 0) break;
		tail += same;
	}
	for (;;) {
		const i = a.findIndex((unit) => "marker" in unit);
		const j = b.findIndex((unit) => "marker" in unit);
		if (i < 0 || j < 0) break;
		start = replaceRun(text, start, a.splice(0, i), b.splice(0, j));
		const [from] = a.splice(0, 1);
		const [to] = b.splice(0, 1);
		if (from === undefined || to === undefined || !("marker" in from) || !("marker" in to)) break;
		start = writeMarker(text, start, from.marker, to.marker);
	}
	return replaceRun(text, start, a, b) + tail;
}

/** Takes what both lists begin with off them: its length, or -1 where they begin differently. */
function sharedStart(a: Unit[], b: Unit[]): number {
	const [x, y] = [a[0], b[0]];
	if (x === undefined || y === undefined) return -1;
	if ("marker" in x || "marker" in y) {
		if (!("marker" in x && "marker" in y) || !equalMarkers(x.marker, y.marker)) return -1;
		a.shift();
		b.shift();
		return 1;
	}
	if (!sameMarks(x.piece.marks, y.piece.marks)) return -1;
	const [s, t] = [x.piece.text, y.piece.text];
	const limit = Math.min(s.length, t.length);
	let n = 0;
	while (n < limit && s[n] === t[n]) n++;
	if (isHigh(s[n - 1]) && n > 0) n--;
	if (n === 0) return -1;
	cutFront(a, x.piece, n);
	cutFront(b, y.piece, n);
	return n;
}

function sharedEnd(a: Unit[], b: Unit[]): number {
	const [x, y] = [a.at(-1), b.at(-1)];
	if (x === undefined || y === undefined) return -1;
	if ("marker" in x || "marker" in y) {
		if (!("marker" in x && "marker" in y) || !equalMarkers(x.marker, y.marker)) return -1;
		a.pop();
		b.pop();
		return 1;
	}
	if (!sameMarks(x.piece.marks, y.piece.marks)) return -1;
	const [s, t] = [x.piece.text, y.piece.text];
	const limit = Math.min(s.length, t.length);
	let n = 0;
	while (n < limit && s[s.length - 1 - n] === t[t.length - 1 - n]) n++;
	if (n > 0 && isLow(s[s.length - n])) n--;
	if (n === 0) return -1;
	cutBack(a, x.piece, n);
	cutBack(b, y.piece, n);
	return n;
}

function cutFront(units: Unit[], piece: Piece, n: number): void {
	if (n === piece.text.length) units.shift();
	else units[0] = { piece: { text: piece.text.slice(n), marks: piece.marks }, pos: 0 };
}

function cutBack(units: Unit[], piece: Piece, n: number): void {
	if (n === piece.text.length) units.pop();
	else units[units.length - 1] = { piece: { text: piece.text.slice(0, -n), marks: piece.marks }, pos: 0 };
}

function equalMarkers(a: Marker | null, b: Marker | null): boolean {
	return a === null || b === null ? a === b : sameMarker(a, b);
}

function hasLength(unit: Unit): boolean {
	return lengthOf(unit) > 0;
}

function isHigh(unit: string | undefined): boolean {
	return unit !== undefined && unit >= "\ud800" && unit <= "\udbff";
}

function isLow(unit: string | undefined): boolean {
	return unit !== undefined && unit >= "\udc00" && unit <= "\udfff";
}

/** Replaces units of which at most one side still has markers. */
function replaceRun(text: RichText, at: number, old: readonly Unit[], now: readonly Unit[]): number {
	const oldText = textOf(old);
	if (oldText !== null && oldText !== "" && oldText === textOf(now)) {
		return remark(text, at, old, now);
	}
	const gone = old.reduce((sum, unit) => sum + lengthOf(unit), 0);
	if (gone > 0) text.splice(at, gone, "");
	let end = at;
	let pieces: Piece[] = [];
	const write = () => {
		end = insertText(text, end, pieces);
		pieces = [];
	};
	for (const unit of now) {
		if ("piece" in unit) addPiece(pieces, unit.piece.text, unit.piece.marks);
		else if (unit.marker !== null) {
			write();
			text.insertBlock(end, unit.marker);
			end++;
		}
	}
	write();
	return end;
}

function textOf(units: readonly Unit[]): string | null {
	let text = "";
	for (const unit of units) {
		if ("piece" in unit) text += unit.piece.text;
		else return null;
	}
	return text;
}

function lengthOf(unit: Unit): number {
	if ("piece" in unit) return unit.piece.text.length;
	return unit.marker === null ? 0 : 1;
}

/** Inserts text, then gives it exactly the marks it has on screen: its neighbours' may have grown over it. */
function insertText(text: RichText, at: number, pieces: readonly Piece[]): number {
	const whole = wellFormed(pieces.map((piece) => piece.text).join(""));
	if (whole === "") return at;
	text.splice(at, 0, whole);
	// All of it was inserted in one place, so what grew over its first character grew over the rest.
	const grown = text.marksAt(at);
	let from = at;
	for (const { text: part, marks: wanted } of pieces) {
		for (const type of Object.values(marks)) {
			const mark = wanted.find((candidate) => candidate.type === type);
			setMark(text, from, from + part.length, type.name, grown[type.name] ?? null, mark);
		}
		from += part.length;
	}
	return from;
}

function setMark(
	text: RichText,
	from: number,
	to: number,
	name: string,
	has: unknown,
	wanted: Mark | undefined,
): void {
	const grows = name === "strong" || name === "em";
	if (wanted !== undefined) {
		const value = markValue(wanted);
		if (has !== value) text.mark(from, to, name, value, grows);
	} else if (has !== null && has !== undefined) text.unmark(from, to, name, grows);
}

/** The same text with other marks. */
function remark(text: RichText, at: number, old: readonly Unit[], now: readonly Unit[]): number {
	const a = piecesIn(old);
	const b = piecesIn(now);
	const changes = new Map<string, { from: number; to: number; name: string; wanted: Mark | undefined }>();
	const finish = (key: string) => {
		const change = changes.get(key);
		if (change === undefined) return;
		setMark(
			text,
			change.from,
			change.to,
			change.name,
			change.wanted === undefined ? true : null,
			change.wanted,
		);
		changes.delete(key);
	};
	let from = at;
	let i = 0;
	let used = 0;
	for (const piece of b) {
		let left = piece.text.length;
		while (left > 0) {
			const other = a[i] as Piece;
			const n = Math.min(left, other.text.length - used);
			for (const type of Object.values(marks)) {
				const has = other.marks.find((mark) => mark.type === type);
				const wanted = piece.marks.find((mark) => mark.type === type);
				const same = has === undefined ? wanted === undefined : wanted !== undefined && has.eq(wanted);
				const open = changes.get(type.name);
				if (open !== undefined && (same || !sameMark(open.wanted, wanted))) finish(type.name);
				if (same) continue;
				const going = changes.get(type.name);
				if (going === undefined) changes.set(type.name, { from, to: from + n, name: type.name, wanted });
				else going.to = from + n;
			}
			from += n;
			left -= n;
			used += n;
			if (used === other.text.length) {
				i++;
				used = 0;
			}
		}
	}
	for (const name of [...changes.keys()]) finish(name);
	return from;
}

function sameMark(a: Mark | undefined, b: Mark | undefined): boolean {
	return a === undefined || b === undefined ? a === b : a.eq(b);
}

function piecesIn(units: readonly Unit[]): Piece[] {
	return units.flatMap((unit) => ("piece" in unit ? [unit.piece] : []));
}
