import type { EditorState, Transaction } from "prosemirror-state";
import { type Replica, RichText } from "../replica";
import { documentOf, REMOTE, showAll, showChanges } from "./amToPm";
import { flatSize } from "./flat";
import { writeTransaction } from "./pmToAm";
import { isBoundary } from "./undo";

/** What the binding needs of a replica. */
export type Source = Pick<Replica, "core" | "edit" | "flush" | "onPatches" | "onReset">;

/** What the binding needs of an editor: ProseMirror's view, or a bare state in tests. */
export interface Surface {
	readonly state: EditorState;
	updateState(state: EditorState): void;
}

/**
 * Keeps an editor's document and a replica's text the same. The editor's own transactions go through
 * dispatch(); what others change arrives as transactions that are marked REMOTE.
 */
export class Binding {
	readonly text: RichText;
	readonly #replica: Source;
	#surface: Surface | null = null;
	readonly #stops: (() => void)[];

	constructor(replica: Source) {
		this.#replica = replica;
		this.text = new RichText(() => replica.core);
		this.#stops = [
			replica.onPatches((patches) => {
				const changes = this.text.changes(patches);
				this.#show((state) => showChanges(state, this.text, changes));
			}),
			replica.onReset(() => {
				this.text.reset();
				this.#show((state) => showAll(state, this.text));
			}),
		];
	}

	/** The document to start with. */
	document(): EditorState["doc"] {
		return documentOf(this.text);
	}

	attach(surface: Surface): void {
		this.#surface = surface;
	}

	/**
	 * Applies a transaction of this window and writes it into the text. Where the replica takes no edits now,
	 * the document stays as it is.
	 */
	dispatch(transaction: Transaction): void {
		const surface = this.#surface;
		if (surface === null) return;
		const { state, transactions } = surface.state.applyTransaction(transaction);
		const own = transactions.filter((tr) => tr.docChanged && tr.getMeta(REMOTE) !== true);
		if (own.length > 0) {
			// What can be taken back on its own is a change of its own.
			if (isBoundary(surface.state, state)) this.#replica.flush();
			const written = this.#replica.edit(() => {
				for (const tr of own) writeTransaction(this.text, tr);
				this.#check(state);
			});
			if (!written) return;
		}
		surface.updateState(state);
	}

	destroy(): void {
		for (const stop of this.#stops) stop();
		this.#surface = null;
	}

	#show(transaction: (state: EditorState) => Transaction | null): void {
		const surface = this.#surface;
		if (surface === null) return;
		const tr = transaction(surface.state);
		if (tr === null) return;
		let { state } = surface.state.applyTransaction(tr);
		if (flatSize(state.doc) !== this.text.length) {
			// Not known to happen; but a view that went its own way must never be written back.
			console.error("the shown document differed from its text and was shown anew");
			const repair = showAll(state, this.text);
			if (repair !== null) state = state.applyTransaction(repair).state;
		}
		surface.updateState(state);
	}

	/** Throws where the text is not what the document shows: the replica then reloads and shows what is stored. */
	#check(state: EditorState): void {
		const [shown, stored] = [flatSize(state.doc), this.text.length];
		if (shown !== stored) throw new Error(`the document shows ${shown} positions, its text has ${stored}`);
	}
}
