import type { Mark } from "prosemirror-model";
import type { Marker, RichText } from "../replica";
import { markValue } from "./build";
import { addPiece, type Piece, sameMarks, wellFormed } from "./flat";
import { sameMarker } from "./marker";
import { marks } from "./schema";

/** One element of the range that a step touched: a place where a marker may stand, or a run of text. */
export type Unit = { marker: Marker | null; pos: number } | { piece: Piece; pos: number };

/** Makes the marker at `at` be `now`; answers where the text after it begins. */
export function writeMarker(text: RichText, at: number, old: Marker | null, now: Marker | null): number {
	if (old === null && now !== null) text.insertBlock(at, now);
	else if (old !== null && now === null) text.splice(at, 1, "");
	else if (old !== null && now !== null && !sameMarker(old, now)) text.updateBlock(at, old, now);
	return now === null ? at : at + 1;
}

/**
 * Replaces `old`, which stands at `at`, by `now`, sparing what both begin and end with. Markers in between are
 * paired in order and changed in place. Answers where the units after them begin.
 */
export function replaceUnits(text: RichText, at: number, old: readonly Unit[], now: readonly Unit[]): number {
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

export function isHigh(unit: string | undefined): boolean {
	return unit !== undefined && unit >= "\ud800" && unit <= "\udbff";
}

export function isLow(unit: string | undefined): boolean {
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
	const grows = marks[name]?.spec.inclusive !== false;
	if (wanted !== undefined) {
		const value = markValue(wanted);
		if (has !== value) text.mark(from, to, name, value, grows);
	} else if (has !== null && has !== undefined) text.unmark(from, to, name, grows);
}

/** Gives text that stays the marks it has on screen now. */
function remark(text: RichText, at: number, old: readonly Unit[], now: readonly Unit[]): number {
	const stretches = alignPieces(piecesIn(old), piecesIn(now), at);
	for (const type of Object.values(marks)) {
		const find = (set: readonly Mark[]) => set.find((mark) => mark.type === type);
		const runs: { from: number; to: number; wanted: Mark | undefined }[] = [];
		for (const { from, to, has, wanted } of stretches) {
			const [before, after] = [find(has), find(wanted)];
			const last = runs.at(-1);
			if (sameMark(before, after)) continue;
			if (last?.to === from && sameMark(last.wanted, after)) last.to = to;
			else runs.push({ from, to, wanted: after });
		}
		for (const { from, to, wanted } of runs) {
			setMark(text, from, to, type.name, wanted === undefined ? true : null, wanted);
		}
	}
	return stretches.at(-1)?.to ?? at;
}

interface Remarked {
	from: number;
	to: number;
	has: readonly Mark[];
	wanted: readonly Mark[];
}

/** Cuts two lists of pieces with the same text where either changes its marks. */
function alignPieces(old: readonly Piece[], now: readonly Piece[], at: number): Remarked[] {
	const stretches: Remarked[] = [];
	let from = at;
	let [i, j, usedOld, usedNow] = [0, 0, 0, 0];
	for (let [a, b] = [old[0], now[0]]; a !== undefined && b !== undefined; a = old[i], b = now[j]) {
		const n = Math.min(a.text.length - usedOld, b.text.length - usedNow);
		stretches.push({ from, to: from + n, has: a.marks, wanted: b.marks });
		from += n;
		usedOld += n;
		usedNow += n;
		if (usedOld === a.text.length) [i, usedOld] = [i + 1, 0];
		if (usedNow === b.text.length) [j, usedNow] = [j + 1, 0];
	}
	return stretches;
}

function sameMark(a: Mark | undefined, b: Mark | undefined): boolean {
	return a === undefined || b === undefined ? a === b : a.eq(b);
}

function piecesIn(units: readonly Unit[]): Piece[] {
	return units.flatMap((unit) => ("piece" in unit ? [unit.piece] : []));
}
