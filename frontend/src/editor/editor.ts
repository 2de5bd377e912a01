import { dropCursor } from "prosemirror-dropcursor";
import { gapCursor } from "prosemirror-gapcursor";
import { keymap } from "prosemirror-keymap";
import { EditorState, Plugin } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import type { Replica } from "../replica";
import { REMOTE } from "./amToPm";
import { authorshipPlugin } from "./authorship";
import { Binding } from "./binding";
import { areAstray, type Caret, caretPlugin, encodePlace, placeOf, showCarets } from "./carets";
import { type CommandId, type CommandSpec, commandIds, commandSpecs } from "./commands";
import { keyPlugins } from "./keys";
import { hrefFromInput, safeHref } from "./links";
import { normaliser } from "./normalise";
import { marks } from "./schema";
import { shortcutPlugins } from "./shortcuts";
import { Slash } from "./slash";
import { switchedOnPlugin } from "./switchedOn";
import { withoutGaps } from "./tables";
import { type TaskLabels, taskPlugin } from "./tasks";
import { undoPlugin } from "./undo";
import { withWordLists } from "./wordLists";
import "./editor.css";

export interface TextEditorOptions {
	/** Whether this person may write; the replica's own answer counts too. */
	editable: boolean;
	/** Texts from the catalogue. */
	labels: { editor: string; tasks?: TaskLabels };
	/** Called where a person wants to make or change a link; answer with setLink. */
	onLink?: (present: { href: string }) => void;
	/** Called when tasks were ticked, or unticked, from the keyboard. */
	onTick?: (done: boolean) => void;
	/** Called where a person wants to follow a link: Mod and click, Alt and Enter, or any click of a reader. */
	onOpenLink?: (href: string) => void;
}

/** How a command stands, for a toolbar or a menu. */
export interface CommandState {
	readonly active: boolean;
	readonly enabled: boolean;
}

export type ToolState = Readonly<Record<CommandId, CommandState>>;

/** One command, for whoever draws a button or a menu item for it. */
export interface EditorCommand {
	readonly id: CommandId;
	/** ProseMirror's names of the keys, the one to show first. */
	readonly keys: readonly string[];
	/** Runs it and gives the focus back to the text. */
	run(): void;
	isActive(): boolean;
	isEnabled(): boolean;
}

export interface TextEditor {
	readonly view: EditorView;
	readonly commands: Readonly<Record<CommandId, EditorCommand>>;
	/** The list of kinds that a slash opens. */
	readonly slash: Slash;
	focus(): void;
	setEditable(editable: boolean): void;
	/** The state of all commands: the same object until one of them changed. Fits useSyncExternalStore. */
	readonly getSnapshot: () => ToolState;
	readonly subscribe: (listener: () => void) => () => void;
	/** Gives the selection a link, or takes it away. Answers false for an address that may not be linked to. */
	setLink(address: string | null): boolean;
	/** Shows these carets of others and no more. */
	setCarets(carets: readonly Caret[]): void;
	/** Calls back with this window's place in the text, encoded for Announce, shortly after it changed. */
	onSelection(listener: (place: Uint8Array) => void): () => void;
	destroy(): void;
}

// The tools and the caret's place are looked after once a frame, when the key has been painted.
const FRAME_MS = 16;

/** Puts an editor for a text document into `place`. It works on the replica until it is destroyed. */
export function createTextEditor(
	place: HTMLElement,
	replica: Replica,
	options: TextEditorOptions,
): TextEditor {
	let editable = options.editable;
	const mayWrite = () => editable && replica.writable;
	const binding = new Binding(replica);
	const specs = commandSpecs(
		() => options.onLink?.({ href: linkAt(view.state) }),
		(done) => options.onTick?.(done),
	);

	const slash = new Slash();

	// A link must never lead this very window away.
	const followLink = (shown: EditorView, event: MouseEvent): boolean => {
		const link = event.target instanceof Element ? event.target.closest("a") : null;
		if (link === null) return false;
		event.preventDefault();
		const meant = event.metaKey || event.ctrlKey || event.button === 1 || !shown.editable;
		const href = link.getAttribute("href");
		if (meant && href !== null) options.onOpenLink?.(href);
		return meant;
	};

	const view: EditorView = new EditorView(place, {
		state: EditorState.create({
			doc: binding.document(),
			plugins: [
				// A reader's keys and a document that cannot be saved change nothing.
				new Plugin({
					filterTransaction: (tr) => !tr.docChanged || tr.getMeta(REMOTE) === true || mayWrite(),
				}),
				slash.plugin,
				...shortcutPlugins(),
				keymap({
					"Alt-Enter": (state) => {
						const href = safeHref(linkAt(state));
						if (href !== null) options.onOpenLink?.(href);
						return href !== null;
					},
				}),
				...keyPlugins(specs),
				undoPlugin(),
				switchedOnPlugin(),
				normaliser(),
				dropCursor({ color: false, class: "text-editor-drop" }),
				gapCursor(),
				authorshipPlugin(),
				caretPlugin(),
				taskPlugin(options.labels.tasks ?? { done: "" }),
			],
		}),
		editable: mayWrite,
		attributes: () => ({
			class: "text-editor",
			role: "textbox",
			"aria-multiline": "true",
			"aria-label": options.labels.editor,
			"aria-readonly": mayWrite() ? "false" : "true",
			tabindex: "0",
		}),
		dispatchTransaction: (tr) => {
			binding.dispatch(tr);
			changed(tr.docChanged || tr.selectionSet);
		},
		handleDOMEvents: { click: followLink, auxclick: followLink },
		transformPastedHTML: (html) => withoutGaps(withWordLists(html)),
	});
	binding.attach({
		get state() {
			return view.state;
		},
		updateState(state) {
			view.updateState(state);
			changed(true);
		},
	});

	const commands = Object.fromEntries(
		commandIds.map((id) => [id, commandOf(view, id, specs[id], mayWrite)]),
	) as Record<CommandId, EditorCommand>;
	const listeners = new Set<() => void>();
	const watchers = new Set<(place: Uint8Array) => void>();
	let snapshot = toolState(commands);
	let later: ReturnType<typeof setTimeout> | null = null;
	let carets: readonly Caret[] = [];
	/** Whether some carets stand in text that has not arrived yet. */
	let awaiting = false;
	const setCarets = (next: readonly Caret[]): void => {
		carets = next;
		awaiting = !showCarets(view, binding.text, carets);
	};

	/** What follows from a key but need not be there before it is painted. */
	const changed = (moved: boolean): void => {
		if (later !== null || !moved) return;
		later = setTimeout(() => {
			later = null;
			if (watchers.size > 0 && view.hasFocus()) {
				const bytes = encodePlace(placeOf(view, binding.text));
				for (const watcher of watchers) watcher(bytes);
			}
			if (awaiting || areAstray(view.state)) setCarets(carets);
			const next = toolState(commands);
			if (commandIds.every((id) => same(next[id], snapshot[id]))) return;
			snapshot = next;
			for (const listener of listeners) listener();
		}, FRAME_MS);
	};

	// What the replica tells changes twice with every key, as that is saved; whether one may write hardly ever.
	let shownAs = mayWrite();
	const stopWatching = replica.subscribe(() => {
		if (mayWrite() === shownAs) return;
		shownAs = mayWrite();
		view.setProps({});
		changed(true);
	});

	return {
		view,
		commands,
		slash,
		focus: () => view.focus(),
		setEditable(value) {
			editable = value;
			shownAs = mayWrite();
			view.setProps({});
			changed(true);
		},
		getSnapshot: () => snapshot,
		subscribe(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		setLink: (address) => setLink(view, address),
		setCarets,
		onSelection(watcher) {
			watchers.add(watcher);
			return () => watchers.delete(watcher);
		},
		destroy() {
			if (later !== null) clearTimeout(later);
			stopWatching();
			binding.destroy();
			view.destroy();
		},
	};
}

function commandOf(
	view: EditorView,
	id: CommandId,
	spec: CommandSpec,
	mayWrite: () => boolean,
): EditorCommand {
	return {
		id,
		keys: spec.keys,
		run() {
			view.focus();
			spec.run(view.state, view.dispatch, view);
		},
		isActive: () => spec.isActive(view.state),
		isEnabled: () => mayWrite() && spec.run(view.state, undefined, view),
	};
}

function toolState(commands: Record<CommandId, EditorCommand>): ToolState {
	return Object.fromEntries(
		commandIds.map((id) => [id, { active: commands[id].isActive(), enabled: commands[id].isEnabled() }]),
	) as Record<CommandId, CommandState>;
}

function same(a: CommandState, b: CommandState): boolean {
	return a.active === b.active && a.enabled === b.enabled;
}

/** The address of the link at the caret, "" where there is none. */
function linkAt(state: EditorState): string {
	const { $from, from, to, empty } = state.selection;
	if (empty) return String(marks.link.isInSet(linkMarks(state))?.attrs.href ?? "");
	let href = "";
	state.doc.nodesBetween(from, to, (node) => {
		href ||= String(marks.link.isInSet(node.marks)?.attrs.href ?? "");
	});
	return href || String(marks.link.isInSet($from.marks())?.attrs.href ?? "");
}

function linkMarks(state: EditorState) {
	const { $from } = state.selection;
	return [...($from.nodeBefore?.marks ?? []), ...($from.nodeAfter?.marks ?? [])];
}

/** The text that a link command is about: the selection, or the whole link around the caret. */
function linkRange(state: EditorState): { from: number; to: number } {
	const { $from, from, to, empty } = state.selection;
	const link = marks.link.isInSet(linkMarks(state));
	if (!empty || link === undefined) return { from, to };
	const start = $from.start();
	let [first, last] = [from, from];
	$from.parent.forEach((node, offset) => {
		const [begin, end] = [start + offset, start + offset + node.nodeSize];
		if (!link.isInSet(node.marks) || begin > last || end < first) return;
		[first, last] = [Math.min(first, begin), Math.max(last, end)];
	});
	return { from: first, to: last };
}

function setLink(view: EditorView, address: string | null): boolean {
	const { state } = view;
	const { from, to } = linkRange(state);
	const tr = state.tr.removeMark(from, to, marks.link);
	if (address !== null) {
		const href = hrefFromInput(address);
		if (href === null) return false;
		const mark = marks.link.create({ href });
		// With nothing selected, the address itself is what is linked.
		if (from === to) tr.insert(from, state.schema.text(href, [...state.selection.$from.marks(), mark]));
		else tr.addMark(from, to, mark);
	}
	view.focus();
	view.dispatch(tr.scrollIntoView());
	return true;
}
