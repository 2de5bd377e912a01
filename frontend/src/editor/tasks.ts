import type { Node } from "prosemirror-model";
import { splitListItem } from "prosemirror-schema-list";
import { type Command, type EditorState, Plugin } from "prosemirror-state";
import type { EditorView, NodeView } from "prosemirror-view";
import { nodes } from "./schema";

export interface TaskLabels {
	/** What the box of a task says to those who listen. */
	done: string;
}

interface Item {
	node: Node;
	pos: number;
}

/** The tasks that the selection touches: of nested ones the innermost. */
function tasksAt(state: EditorState): Item[] {
	const { $from, from, to } = state.selection;
	const found = new Map<number, Item>();
	state.doc.nodesBetween(from, to, (node, pos) => {
		if (!node.isTextblock) return true;
		const $pos = state.doc.resolve(pos);
		for (let depth = $pos.depth; depth > 0; depth--) {
			if ($pos.node(depth).type !== nodes.list_item) continue;
			const item = { node: $pos.node(depth), pos: $pos.before(depth) };
			if (item.node.attrs.done !== null) found.set(item.pos, item);
			break;
		}
		return false;
	});
	return $from.parent.isTextblock ? [...found.values()] : [];
}

/** Ticks the tasks at the selection, or takes the ticks away where all have one. */
export function tick(told: (done: boolean) => void): Command {
	return (state, dispatch) => {
		const tasks = tasksAt(state);
		if (tasks.length === 0) return false;
		if (dispatch) {
			const done = !isTicked(state);
			const { tr } = state;
			for (const { pos } of tasks) tr.setNodeAttribute(pos, "done", done);
			dispatch(tr);
			told(done);
		}
		return true;
	};
}

export function isTicked(state: EditorState): boolean {
	const tasks = tasksAt(state);
	return tasks.length > 0 && tasks.every(({ node }) => node.attrs.done === true);
}

/** Enter in a list: what comes after is a task still to be done; at the start of a task, an empty one before it. */
export const splitItem: Command = (state, dispatch) => {
	const { $from, empty } = state.selection;
	const item = $from.depth > 1 ? $from.node(-1) : null;
	if (item?.type !== nodes.list_item || item.attrs.done === null)
		return splitListItem(nodes.list_item)(state, dispatch);
	const starts = empty && $from.parentOffset === 0 && $from.parent.content.size > 0 && $from.index(-1) === 0;
	if (!starts) return splitListItem(nodes.list_item, { done: false })(state, dispatch);
	const before = nodes.list_item.create({ done: false }, nodes.paragraph.create());
	dispatch?.(state.tr.insert($from.before(-1), before).scrollIntoView());
	return true;
};

/** Draws list items, those of tasks with a box to tick. */
export function taskPlugin(labels: TaskLabels): Plugin {
	return new Plugin({
		props: {
			nodeViews: { list_item: (node, view, getPos) => new ItemView(node, view, getPos, labels) },
		},
		view: (view) => {
			let editable = view.editable;
			return {
				update() {
					if (view.editable === editable) return;
					editable = view.editable;
					for (const box of view.dom.querySelectorAll<HTMLInputElement>("li > input")) allow(box, editable);
				},
			};
		},
	});
}

/** A reader's box looks like anybody's, but does not give way. */
function allow(box: HTMLInputElement, editable: boolean): void {
	if (editable) box.removeAttribute("aria-readonly");
	else box.setAttribute("aria-readonly", "true");
}

class ItemView implements NodeView {
	readonly dom = document.createElement("li");
	readonly contentDOM: HTMLElement;
	readonly #box: HTMLInputElement | null;
	#node: Node;

	constructor(node: Node, view: EditorView, getPos: () => number | undefined, labels: TaskLabels) {
		this.#node = node;
		if (node.attrs.done === null) {
			this.contentDOM = this.dom;
			this.#box = null;
			return;
		}
		const box = document.createElement("input");
		box.type = "checkbox";
		// The caret stays in the text: Mod-Enter ticks there.
		box.tabIndex = -1;
		box.contentEditable = "false";
		box.setAttribute("aria-label", labels.done);
		box.addEventListener("mousedown", (event) => event.preventDefault());
		box.addEventListener("click", (event) => {
			if (!view.editable) event.preventDefault();
		});
		box.addEventListener("change", () => {
			const pos = getPos();
			if (pos !== undefined) view.dispatch(view.state.tr.setNodeAttribute(pos, "done", box.checked));
			// Where nothing may be written, it stays as it was.
			box.checked = this.#node.attrs.done === true;
		});
		this.#box = box;
		allow(box, view.editable);
		this.contentDOM = document.createElement("div");
		this.dom.append(box, this.contentDOM);
		this.#draw();
	}

	update(node: Node): boolean {
		if (node.type !== this.#node.type || (node.attrs.done === null) !== (this.#box === null)) return false;
		this.#node = node;
		this.#draw();
		return true;
	}

	stopEvent(event: Event): boolean {
		return this.#box !== null && event.target === this.#box;
	}

	ignoreMutation(mutation: { target: globalThis.Node }): boolean {
		return !this.contentDOM.contains(mutation.target);
	}

	#draw(): void {
		if (this.#box === null) return;
		const done = this.#node.attrs.done === true;
		this.#box.checked = done;
		this.dom.className = done ? "task done" : "task";
	}
}
