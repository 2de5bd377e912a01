import { EditorState, type Transaction } from "prosemirror-state";
import { type Core, loadCore, type Patch, RichText } from "../replica";
import { documentOf } from "./amToPm";
import { Binding, type Source, type Surface } from "./binding";
import { normaliser } from "./normalise";
import { undoPlugin } from "./undo";

/** A copy of a document that hands its changes to others only when told to. */
class Copy implements Source {
	core: Core;
	#listener: (patches: readonly Patch[]) => void = () => undefined;

	constructor(device: number, saved: Uint8Array) {
		this.core = loadCore(String(device).padStart(40, "0"), [saved]);
	}

	flush(): void {}

	edit(operations: () => void): boolean {
		operations();
		this.core.commit(undefined, 0);
		this.core.updateDiffCursor();
		return true;
	}

	onPatches(listener: (patches: readonly Patch[]) => void): () => void {
		this.#listener = listener;
		return () => undefined;
	}

	onReset(): () => void {
		return () => undefined;
	}

	receive(changes: Uint8Array[]): void {
		this.core.applyChanges(changes);
		const patches = this.core.diffIncremental();
		if (patches.length > 0) this.#listener(patches);
	}
}

/** Somebody who writes, without a page: state, binding and text are the real ones. */
export class Writer implements Surface {
	state: EditorState;
	readonly binding: Binding;
	readonly #copy: Copy;
	readonly #device: number;
	#others = 0;

	constructor(device: number, saved: Uint8Array) {
		this.#device = device;
		this.#copy = new Copy(device, saved);
		this.binding = new Binding(this.#copy);
		this.state = EditorState.create({
			doc: this.binding.document(),
			plugins: [undoPlugin(0), normaliser()],
		});
		this.binding.attach(this);
	}

	updateState(state: EditorState): void {
		this.state = state;
	}

	readonly dispatch = (transaction: Transaction): void => {
		this.binding.dispatch(transaction);
	};

	/** Edits the text directly, as another program might. */
	foreign(operations: (text: RichText, core: Core) => void): void {
		const other = new Copy(this.#device * 1000 + this.#others++, this.#copy.core.save());
		other.edit(() => operations(new RichText(() => other.core), other.core));
		this.receives(other.core.getChanges(this.#copy.core.getHeads()));
	}

	receives(changes: Uint8Array[]): void {
		this.#copy.receive(changes);
	}

	/** Takes over what another has and this one has not. */
	hears(other: Writer): void {
		this.receives(other.#copy.core.getChanges(this.#copy.core.getHeads()));
	}

	saved(): Uint8Array {
		return this.#copy.core.save();
	}

	/** What the text looks like when it is shown from scratch. */
	fromScratch(): EditorState["doc"] {
		return documentOf(this.binding.text);
	}
}

/** Everybody hears everybody. */
export function meet(...writers: Writer[]): void {
	for (const a of writers) for (const b of writers) if (a !== b) a.hears(b);
}

/** The bytes of a text document that `write` filled; it begins with one empty paragraph's marker. */
export function newText(write: (text: RichText, core: Core) => void = () => undefined): Uint8Array {
	const core = loadCore("ff".repeat(20), []);
	core.put("_root", "kind", "text", "str");
	core.put("_root", "format", 1, "int");
	core.putObject("_root", "text", "");
	const text = new RichText(() => core);
	text.insertBlock(0, { type: "paragraph", parents: [], level: 0 });
	write(text, core);
	core.commit("birth", 0);
	return core.save();
}
