import { Slice } from "prosemirror-model";
import {
	type Command,
	type EditorState,
	Plugin,
	PluginKey,
	type SelectionBookmark,
	type Transaction,
} from "prosemirror-state";
import { Mapping, ReplaceStep, type Step, type StepMap } from "prosemirror-transform";

/**
 * Undo of one's own edits. Unlike ProseMirror's history, taking back a passage leaves what others wrote inside
 * it: their letters are no part of what was inserted.
 *
 * Every change of the document, whoever made it, is an entry of one log of position maps. An event holds the
 * steps that would take it back, each with the entry after which it applies; to undo, they are mapped through
 * the entries since. An entry that takes back an earlier one knows it as its mirror, so that positions inside
 * deleted text find their way when the text returns.
 */
interface History {
	readonly log: Log;
	readonly done: readonly Event[];
	readonly undone: readonly Event[];
	/** When and where the newest event was last added to; what follows soon and next to it joins it. */
	readonly last: { readonly time: number; readonly from: number; readonly to: number } | null;
}

interface Event {
	readonly items: readonly Item[];
	/** The selection before the event. */
	readonly bookmark: SelectionBookmark;
}

interface Item {
	/** Takes back one step. */
	readonly step: Step;
	/** How many entries the log has where `step` applies; the last of them is the one it takes back. */
	readonly at: number;
}

interface Entry {
	readonly map: StepMap;
	/** The index of the entry that this one takes back. */
	readonly mirror: number | null;
}

interface Pop {
	readonly redo: boolean;
	/** How many events were taken off their stack. */
	readonly events: number;
	/** For each step of the transaction the entry it takes back. */
	readonly mirrors: readonly (number | null)[];
}

const key = new PluginKey<History>("parley$undo");

const MAX_EVENTS = 500;
const MAX_ENTRIES = 20_000;

/** A list that only grows. Its states share one array as long as nobody branches off. */
class Log {
	readonly length: number;
	/** Entries below this index are forgotten. */
	readonly base: number;
	readonly #entries: Entry[];

	constructor(entries: Entry[], base: number) {
		this.#entries = entries;
		this.base = base;
		this.length = base + entries.length;
	}

	with(added: readonly Entry[]): Log {
		const whole = this.base + this.#entries.length === this.length;
		const entries = whole ? this.#entries : this.#entries.slice(0, this.length - this.base);
		entries.push(...added);
		return new Log(entries, this.base);
	}

	from(base: number): Log {
		return new Log(this.#entries.slice(base - this.base, this.length - this.base), base);
	}

	/** The maps since the log had `at` entries. */
	mapping(at: number): Mapping {
		const mapping = new Mapping();
		for (const { map, mirror } of this.#entries.slice(at - this.base, this.length - this.base)) {
			mapping.appendMap(map, mirror !== null && mirror >= at ? mirror - at : undefined);
		}
		return mapping;
	}
}

/** Keeps the history. Transactions with the meta "addToHistory" set to false are not this person's own. */
export function undoPlugin(newGroupMs = 500): Plugin<History> {
	return new Plugin<History>({
		key,
		state: {
			init: () => ({ log: new Log([], 0), done: [], undone: [], last: null }),
			apply(tr, history, before) {
				const next = record(history, tr, before, newGroupMs);
				return next === history ? history : trim(next);
			},
		},
		props: {
			handleDOMEvents: {
				// The browser's own menu, and gestures.
				beforeinput(view, event) {
					const command = { historyUndo: undo, historyRedo: redo }[event.inputType];
					if (command === undefined) return false;
					event.preventDefault();
					return command(view.state, view.dispatch);
				},
			},
		},
	});
}

export const undo: Command = (state, dispatch) => takeBack(state, dispatch, false);

export const redo: Command = (state, dispatch) => takeBack(state, dispatch, true);

/** Whether what happened between two states begins something of its own for undo, or takes something back. */
export function isBoundary(before: EditorState, after: EditorState): boolean {
	const [was, is] = [key.getState(before), key.getState(after)];
	return was?.done.at(-1)?.bookmark !== is?.done.at(-1)?.bookmark;
}

function record(history: History, tr: Transaction, before: EditorState, newGroupMs: number): History {
	const pop = tr.getMeta(key) as Pop | undefined;
	if (!tr.docChanged && pop === undefined) return history;
	const start = history.log.length;
	const log = history.log.with(tr.mapping.maps.map((map, i) => ({ map, mirror: pop?.mirrors[i] ?? null })));
	const items = tr.steps.map((step, i) => ({
		step: step.invert(tr.docs[i] ?? tr.doc),
		at: start + i + 1,
	}));
	const bookmark = before.selection.getBookmark();

	if (pop !== undefined) {
		const from = pop.redo ? history.undone : history.done;
		const to = pop.redo ? history.done : history.undone;
		const rest = from.slice(0, from.length - pop.events);
		const added = items.length === 0 ? to : [...to, { items, bookmark }];
		return { log, last: null, done: pop.redo ? added : rest, undone: pop.redo ? rest : added };
	}

	const root = tr.getMeta("appendedTransaction") as Transaction | undefined;
	const rootPop = root?.getMeta(key) as Pop | undefined;
	if (rootPop !== undefined) {
		// What follows from taking back belongs to it.
		const side = rootPop.redo ? history.done : history.undone;
		return { ...history, log, [rootPop.redo ? "done" : "undone"]: extend(side, items) };
	}
	if (tr.getMeta("addToHistory") === false || root?.getMeta("addToHistory") === false) {
		const { last } = history;
		const moved = last && { ...last, from: tr.mapping.map(last.from, -1), to: tr.mapping.map(last.to, 1) };
		return { ...history, log, last: moved };
	}

	const touched = rangeOf(tr);
	const joins =
		root !== undefined ||
		(history.last !== null &&
			touched !== null &&
			tr.time - history.last.time <= newGroupMs &&
			touched.oldFrom <= history.last.to &&
			touched.oldTo >= history.last.from);
	const done =
		joins && history.done.length > 0 ? extend(history.done, items) : [...history.done, { items, bookmark }];
	return { log, done, undone: [], last: touched && { ...touched, time: tr.time } };
}

function extend(events: readonly Event[], items: readonly Item[]): readonly Event[] {
	const last = events.at(-1);
	if (last === undefined) return events;
	return [...events.slice(0, -1), { ...last, items: [...last.items, ...items] }];
}

/** The range that a transaction changed, before and after it; null where positions stay, as for marks. */
function rangeOf(tr: Transaction): { oldFrom: number; oldTo: number; from: number; to: number } | null {
	let from = Number.POSITIVE_INFINITY;
	let to = 0;
	tr.mapping.maps.forEach((map, i) => {
		map.forEach((_oldFrom, _oldTo, newFrom, newTo) => {
			const rest = tr.mapping.slice(i + 1);
			from = Math.min(from, rest.map(newFrom, -1));
			to = Math.max(to, rest.map(newTo, 1));
		});
	});
	if (from > to) return null;
	const back = tr.mapping.invert();
	return { oldFrom: back.map(from, -1), oldTo: back.map(to, 1), from, to };
}

/** Forgets what is too old to be taken back, and where everything went if there is nothing to take back. */
function trim(history: History): History {
	const { log } = history;
	const kept = (events: readonly Event[], base: number) =>
		events.slice(-MAX_EVENTS).filter(({ items }) => (items[0]?.at ?? 0) > base);
	const base = log.length - log.base > MAX_ENTRIES ? log.length - MAX_ENTRIES / 2 : log.base;
	const done = kept(history.done, base);
	const undone = kept(history.undone, base);
	const needed = done.length + undone.length > 0 ? base : log.length;
	return { ...history, done, undone, log: needed === log.base ? log : log.from(needed) };
}

function takeBack(
	state: EditorState,
	dispatch: ((tr: Transaction) => void) | undefined,
	again: boolean,
): boolean {
	const history = key.getState(state);
	const events = again ? history?.undone : history?.done;
	if (history === undefined || events === undefined || events.length === 0) return false;
	if (dispatch === undefined) return true;
	const { tr } = state;
	const mirrors: (number | null)[] = [];
	let count = 0;
	// What others have deleted meanwhile cannot be taken back: then the event before it is.
	while (!tr.docChanged && count < events.length) {
		const event = events[events.length - 1 - count] as Event;
		count++;
		mirrors.push(...takeBackEvent(tr, event, history.log));
	}
	const pop: Pop = { redo: again, events: count, mirrors };
	dispatch(tr.setMeta(key, pop).scrollIntoView());
	return true;
}

/** Adds what takes an event back; answers which entry each of the steps takes back. */
function takeBackEvent(tr: Transaction, event: Event, log: Log): (number | null)[] {
	const start = (event.items[0]?.at ?? log.length + 1) - 1;
	const mapping = log.mapping(start);
	const mirrors: (number | null)[] = [];
	const attempt = (step: Step | null, mirror: number | null): void => {
		if (step === null || tr.maybeStep(step).failed !== null) return;
		mapping.appendMap(step.getMap(), mirror === null ? undefined : mirror - start);
		mirrors.push(mirror);
	};
	for (const { step, at } of event.items.toReversed()) {
		const since = mapping.slice(at - start);
		if (!(step instanceof ReplaceStep) || step.from === step.to) {
			attempt(step.map(since), at - 1);
			continue;
		}
		const [first, ...others] = survivors(step.from, step.to, since);
		// From the last to the first, so that the places of those still to come stay right.
		for (const { from, to } of others.toReversed()) attempt(new ReplaceStep(from, to, Slice.empty), null);
		if (first !== undefined) attempt(new ReplaceStep(first.from, first.to, step.slice), at - 1);
		else if (step.slice.size > 0) attempt(step.map(since), at - 1);
	}
	if (mirrors.length > 0) tr.setSelection(event.bookmark.map(mapping).resolve(tr.doc));
	return mirrors;
}

interface Range {
	from: number;
	to: number;
}

/** What is left of a range: without what was deleted of it, and without what was inserted into it. */
function survivors(from: number, to: number, mapping: Mapping): Range[] {
	if (from === to) return [];
	const range = { from: mapping.map(from, 1), to: mapping.map(to, -1) };
	if (untouched(from, to, mapping)) return [range];
	if (to - from === 1) return range.to - range.from === 1 ? [range] : [];
	const middle = (from + to) >> 1;
	const before = survivors(from, middle, mapping);
	const [next, ...rest] = survivors(middle, to, mapping);
	const last = before.at(-1);
	if (next === undefined) return before;
	if (last === undefined || last.to !== next.from) return [...before, next, ...rest];
	return [...before.slice(0, -1), { from: last.from, to: next.to }, ...rest];
}

/** Whether surely nothing happened inside a range. */
function untouched(from: number, to: number, mapping: Mapping): boolean {
	let [start, end] = [from, to];
	for (let i = mapping.from; i < mapping.to; i++) {
		const map = mapping.maps[i] as StepMap;
		let inside = false;
		map.forEach((oldFrom, oldTo) => {
			inside ||= oldFrom < end && oldTo > start;
		});
		if (inside) return false;
		start = map.map(start, 1);
		end = map.map(end, -1);
	}
	return true;
}
