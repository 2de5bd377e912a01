import type { Node } from "prosemirror-model";
import { type EditorState, Plugin, PluginKey, Selection, type Transaction } from "prosemirror-state";
import { Decoration, DecorationSet, type EditorView } from "prosemirror-view";
import type { RichText } from "../replica";
import { fromFlat, toFlat } from "./flat";

/** Where somebody's caret is, as cursors of the text. */
export interface Place {
	anchor: string;
	head: string;
}

/** Somebody else's caret, as setCarets takes it. */
export interface Caret extends Place {
	device: string;
	name: string;
	/** Which of the people's colours (--person-0 to --person-7). */
	colour: number;
}

/** A caret at its place in the editor's document. */
interface Placed {
	readonly caret: Caret;
	readonly anchor: number;
	readonly head: number;
}

interface Shown {
	readonly placed: readonly Placed[];
	readonly decorations: DecorationSet;
	/** Whether some carets were only moved near, as the text around them was replaced. */
	readonly astray: boolean;
}

const key = new PluginKey<Shown>("parley$carets");

/**
 * Shows others' carets and selections. They move with the text by themselves, and to the nearest text where
 * theirs goes; a new list replaces the old one. Assistive technology is not told of them: who is here is said
 * elsewhere, once.
 */
export function caretPlugin(): Plugin<Shown> {
	return new Plugin<Shown>({
		key,
		state: {
			init: () => ({ placed: [], decorations: DecorationSet.empty, astray: false }),
			apply(tr, shown) {
				const next = tr.getMeta(key) as readonly Placed[] | undefined;
				if (next !== undefined) return show(tr.doc, next, false);
				return tr.docChanged && shown.placed.length > 0 ? moved(tr, shown) : shown;
			},
		},
		props: { decorations: (state) => key.getState(state)?.decorations },
	});
}

/** Answers whether all have a place: a caret may arrive before the letter that it stands behind. */
export function showCarets(view: EditorView, text: RichText, carets: readonly Caret[]): boolean {
	const { doc } = view.state;
	const placed = carets.flatMap((caret): Placed[] => {
		const anchor = text.position(caret.anchor);
		const head = text.position(caret.head);
		if (anchor === null || head === null) return [];
		return [{ caret, anchor: fromFlat(doc, anchor), head: fromFlat(doc, head) }];
	});
	view.dispatch(view.state.tr.setMeta(key, placed).setMeta("addToHistory", false));
	return placed.length === carets.length;
}

/** Whether showing the carets again would place them better than moving them with the text did. */
export function areAstray(state: EditorState): boolean {
	return key.getState(state)?.astray ?? false;
}

function show(doc: Node, placed: readonly Placed[], astray: boolean): Shown {
	const decorations = placed.flatMap(({ caret, anchor, head }) => decorate(caret, anchor, head));
	return { placed, decorations: DecorationSet.create(doc, decorations), astray };
}

function moved(tr: Transaction, shown: Shown): Shown {
	let { astray } = shown;
	const move = (at: number): number => {
		const { pos, deleted } = tr.mapping.mapResult(at);
		if (!deleted) return pos;
		astray = true;
		// Between two blocks, a caret would be a line of its own.
		const $pos = tr.doc.resolve(pos);
		const near = Selection.findFrom($pos, -1, true) ?? Selection.findFrom($pos, 1, true);
		return near?.head ?? pos;
	};
	const placed = shown.placed.map(({ caret, anchor, head }) => ({
		caret,
		anchor: move(anchor),
		head: move(head),
	}));
	return show(tr.doc, placed, astray);
}

function decorate(caret: Caret, anchor: number, head: number): Decoration[] {
	const style = `--person: var(--person-${caret.colour})`;
	const widget = Decoration.widget(head, () => drawCaret(caret.name, style), {
		// The same key keeps the element, so that a label does not start anew with every letter.
		key: `${caret.device} ${caret.colour} ${caret.name}`,
		side: 1,
		ignoreSelection: true,
	});
	if (anchor === head) return [widget];
	const [from, to] = anchor < head ? [anchor, head] : [head, anchor];
	return [Decoration.inline(from, to, { class: "text-editor-selection", style }), widget];
}

function drawCaret(name: string, style: string): HTMLElement {
	const caret = document.createElement("span");
	caret.className = "text-editor-caret";
	caret.setAttribute("style", style);
	caret.setAttribute("aria-hidden", "true");
	const label = document.createElement("span");
	label.className = "text-editor-caret-name";
	label.dir = "auto";
	// Shown by the style sheet from the attribute: it never becomes part of what is read, copied or found.
	label.dataset.name = name;
	caret.append(label);
	return caret;
}

/** This editor's selection as cursors. */
export function placeOf(view: EditorView, text: RichText): Place {
	const { doc, selection } = view.state;
	return {
		anchor: text.cursor(toFlat(doc, selection.anchor)),
		head: text.cursor(toFlat(doc, selection.head)),
	};
}

/** The bytes in which a place is announced to others: a JSON array of a version and two cursors. */
export function encodePlace(place: Place): Uint8Array {
	return new TextEncoder().encode(JSON.stringify([1, place.anchor, place.head]));
}

/** Reads what another window announced; null for anything that is not a place, as from a newer version. */
export function decodePlace(bytes: Uint8Array): Place | null {
	try {
		const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
		if (!Array.isArray(value)) return null;
		const [version, anchor, head]: unknown[] = value;
		return version === 1 && typeof anchor === "string" && typeof head === "string" ? { anchor, head } : null;
	} catch {
		return null;
	}
}
