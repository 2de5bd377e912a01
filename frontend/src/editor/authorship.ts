import type { Node } from "prosemirror-model";
import { Plugin, PluginKey } from "prosemirror-state";
import { Decoration, DecorationSet, type EditorView } from "prosemirror-view";
import { fromFlat, toFlat } from "./flat";

/** A stretch of the text, in positions of the replica's, and who wrote it. */
export interface Authored {
	readonly from: number;
	readonly to: number;
	readonly author: string;
}

/** Letters beside one another by one author, in positions of the editor's. Paragraphs as such are nobody's. */
export interface Passage extends Authored {
	readonly letters: number;
}

/** How an author's passages look. */
export interface AuthorLook {
	readonly name: string;
	/** A colour of the style sheet. */
	readonly colour: string;
	/** The line under the text, as CSS calls it, so that authors differ by more than their colour. */
	readonly line: string;
}

const key = new PluginKey<DecorationSet>("parley$authorship");

/** Shows who wrote what, when told to. The marks move with the text until they are told anew. */
export function authorshipPlugin(): Plugin<DecorationSet> {
	return new Plugin<DecorationSet>({
		key,
		state: {
			init: () => DecorationSet.empty,
			apply: (tr, shown) => (tr.getMeta(key) as DecorationSet | undefined) ?? shown.map(tr.mapping, tr.doc),
		},
		props: { decorations: (state) => key.getState(state) },
	});
}

/** The passages of a text whose stretches are by these authors. */
export function passagesOf(doc: Node, stretches: readonly Authored[]): Passage[] {
	const passages: Passage[] = [];
	for (const stretch of stretches) {
		const to = fromFlat(doc, stretch.to);
		const from = firstLetter(doc, fromFlat(doc, stretch.from), to);
		const letters = doc.textBetween(from, to, "", "\n").length;
		if (letters === 0) continue;
		const last = passages.at(-1);
		if (last?.author === stretch.author)
			passages[passages.length - 1] = { ...last, to, letters: last.letters + letters };
		else passages.push({ from, to, letters, author: stretch.author });
	}
	return passages;
}

/** Where the text begins that stands between two positions, behind the ends of paragraphs. */
function firstLetter(doc: Node, from: number, to: number): number {
	let first = to;
	doc.nodesBetween(from, to, (node, pos) => {
		// Of a node that only touches the stretch, nothing is in it.
		if (node.isInline && pos + node.nodeSize > from) first = Math.min(first, Math.max(from, pos));
		return first === to;
	});
	return first;
}

/** Marks passages as their authors', each with the name where it begins. No passages: shows nothing. */
export function showAuthors(
	view: EditorView,
	passages: readonly Passage[],
	lookOf: (author: string) => AuthorLook,
): void {
	const decorations = passages.flatMap(({ from, to, author }) => {
		const { name, colour, line } = lookOf(author);
		const style = `--person: ${colour}; --line: ${line}`;
		return [
			Decoration.widget(from, () => drawName(name, style), {
				key: `${author} ${name} ${style}`,
				side: 1,
				ignoreSelection: true,
			}),
			Decoration.inline(from, to, { class: "text-editor-author", style }),
		];
	});
	const set = DecorationSet.create(view.state.doc, decorations);
	view.dispatch(view.state.tr.setMeta(key, set).setMeta("addToHistory", false));
}

/** What is selected, in positions of the replica's; null where nothing is. */
export function selectedPassage(view: EditorView): { from: number; to: number } | null {
	const { doc, selection } = view.state;
	if (selection.empty) return null;
	return { from: toFlat(doc, selection.from), to: toFlat(doc, selection.to) };
}

function drawName(name: string, style: string): HTMLElement {
	const label = document.createElement("span");
	label.className = "text-editor-author-name";
	label.setAttribute("style", style);
	label.dir = "auto";
	// Shown by the style sheet from the attribute: it is read aloud, and never becomes part of the text.
	label.dataset.name = name;
	return label;
}
