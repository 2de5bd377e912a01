import { type EditorState, Plugin, PluginKey } from "prosemirror-state";
import type { EditorView } from "prosemirror-view";

/** A slash that was typed to choose a kind of block, and what was typed behind it. */
export interface SlashState {
	/** Where the slash stands in the editor's document. */
	readonly from: number;
	readonly query: string;
}

/** The keys that whoever draws the list is asked about while it is open. */
export type SlashKey = "ArrowDown" | "ArrowUp" | "Enter";

const key = new PluginKey<SlashState | null>("parley$slash");
const LONGEST = 24;

/**
 * The list of kinds that a slash opens, at the start of a block or after a space. The focus stays in the text:
 * whoever draws the list is told what is typed, and hears of the keys that are meant for it.
 */
export class Slash {
	readonly #listeners = new Set<() => void>();
	#onKey: (key: SlashKey) => boolean = () => false;
	#view: EditorView | null = null;
	/** The IDs of the list and of the option that is pointed at, where a list is shown. */
	#shown: { list: string; option: string } | null = null;

	readonly plugin = new Plugin<SlashState | null>({
		key,
		state: {
			init: (): SlashState | null => null,
			apply: (tr, open: SlashState | null, _before, after): SlashState | null => {
				const meta = tr.getMeta(key) as { from: number } | "close" | undefined;
				if (meta === "close") return null;
				const kept = open === null ? null : tr.mapping.map(open.from, 1);
				const from = meta === undefined ? kept : meta.from;
				return from === null ? null : read(after, from, open);
			},
		},
		props: {
			handleTextInput: (view, from, to, text) => {
				if (text !== "/" || from !== to || !view.editable || !mayOpen(view.state)) return false;
				view.dispatch(view.state.tr.insertText("/").setMeta(key, { from }).scrollIntoView());
				return true;
			},
			handleKeyDown: (view, event) => {
				if (key.getState(view.state) == null || event.isComposing) return false;
				if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
				if (event.key === "Escape") {
					this.close();
					return true;
				}
				return isSlashKey(event.key) && this.#onKey(event.key);
			},
			handleDOMEvents: {
				blur: () => {
					this.close();
					return false;
				},
			},
			attributes: (): { [name: string]: string } =>
				this.#shown === null
					? {}
					: { "aria-controls": this.#shown.list, "aria-activedescendant": this.#shown.option },
		},
		view: (view) => {
			this.#view = view;
			return {
				update: (_view, before) => {
					if (key.getState(before) === key.getState(view.state)) return;
					for (const listener of this.#listeners) listener();
				},
				destroy: () => {
					this.#view = null;
				},
			};
		},
	});

	readonly getSnapshot = (): SlashState | null =>
		this.#view === null ? null : (key.getState(this.#view.state) ?? null);

	readonly subscribe = (listener: () => void): (() => void) => {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	};

	/** Asks `listener` about keys while the list is open; it answers whether the key was for it. */
	onKey(listener: (key: SlashKey) => boolean): () => void {
		this.#onKey = listener;
		return () => {
			this.#onKey = () => false;
		};
	}

	/** Says which list is shown and which of its options is pointed at, by their IDs. */
	point(shown: { list: string; option: string } | null): void {
		if (shown?.list === this.#shown?.list && shown?.option === this.#shown?.option) return;
		this.#shown = shown;
		this.#view?.setProps({});
	}

	/** Takes the slash and what was typed behind it out of the text. */
	clear(): void {
		const open = this.getSnapshot();
		if (open === null || this.#view === null) return;
		const { tr } = this.#view.state;
		this.#view.dispatch(tr.delete(open.from, open.from + 1 + open.query.length).setMeta(key, "close"));
	}

	close(): void {
		if (this.getSnapshot() !== null) this.#view?.dispatch(this.#view.state.tr.setMeta(key, "close"));
	}
}

function isSlashKey(name: string): name is SlashKey {
	return name === "ArrowDown" || name === "ArrowUp" || name === "Enter";
}

/** Whether a slash is meant for the list here: not in code, and not inside a word or an address. */
function mayOpen({ selection: { $from } }: EditorState): boolean {
	if (!$from.parent.isTextblock || $from.parent.type.spec.code === true) return false;
	return (
		$from.parentOffset === 0 ||
		/\s/.test($from.parent.textBetween($from.parentOffset - 1, $from.parentOffset, "", "\n"))
	);
}

/** What is typed behind the slash; null once the caret has left it, or it is gone. */
function read(state: EditorState, from: number, before: SlashState | null): SlashState | null {
	const { $from, empty } = state.selection;
	if (!empty || from < $from.start() || $from.pos <= from || $from.pos - from > LONGEST) return null;
	const typed = $from.parent.textBetween(from - $from.start(), $from.parentOffset, "", "\n");
	if (!typed.startsWith("/") || /^\/\s|\n/.test(typed)) return null;
	const query = typed.slice(1);
	return before?.from === from && before.query === query ? before : { from, query };
}
