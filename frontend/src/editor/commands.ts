import { chainCommands, lift, setBlockType, toggleMark } from "prosemirror-commands";
import type { MarkType, Node, NodeType } from "prosemirror-model";
import { liftListItem, sinkListItem, wrapRangeInList } from "prosemirror-schema-list";
import { type Command, type EditorState, TextSelection, type Transaction } from "prosemirror-state";
import { findWrapping, liftTarget } from "prosemirror-transform";
import { isBox, isList, marks, nodes } from "./schema";
import { isTicked, tick } from "./tasks";
import { redo, undo } from "./undo";

export const commandIds = [
	"paragraph",
	"heading1",
	"heading2",
	"heading3",
	"heading4",
	"strong",
	"em",
	"underline",
	"strike",
	"highlight",
	"code",
	"link",
	"bulletList",
	"orderedList",
	"taskList",
	"tick",
	"indent",
	"outdent",
	"quote",
	"callout",
	"codeBlock",
	"divider",
	"undo",
	"redo",
] as const;

export type CommandId = (typeof commandIds)[number];

export interface CommandSpec {
	/** ProseMirror's names of the keys, the one to show first; "Mod" is Command on a Mac and Control elsewhere. */
	keys: readonly string[];
	run: Command;
	/** Whether what the command gives is there already, at the caret or on all of the selection. */
	isActive(state: EditorState): boolean;
}

const never = (): boolean => false;

/**
 * The commands of a text editor; `link` asks for an address by calling `askForLink`, and `tick` tells whether the
 * task is done now.
 */
export function commandSpecs(
	askForLink: () => void,
	ticked: (done: boolean) => void = () => undefined,
): Record<CommandId, CommandSpec> {
	return {
		paragraph: block(["Mod-Alt-0"], nodes.paragraph),
		heading1: block(["Mod-Alt-1"], nodes.heading, 1),
		heading2: block(["Mod-Alt-2"], nodes.heading, 2),
		heading3: block(["Mod-Alt-3"], nodes.heading, 3),
		heading4: block(["Mod-Alt-4"], nodes.heading, 4),
		strong: mark(["Mod-b"], marks.strong),
		em: mark(["Mod-i"], marks.em),
		underline: mark(["Mod-u"], marks.underline),
		strike: mark(["Mod-Shift-s"], marks.strike),
		highlight: mark(["Mod-Shift-h"], marks.highlight),
		code: mark(["Mod-e"], marks.code),
		link: {
			keys: ["Mod-k"],
			run: (state, dispatch) => {
				if (!takesMarks(state)) return false;
				if (dispatch) askForLink();
				return true;
			},
			isActive: (state) => hasMark(state, marks.link),
		},
		bulletList: list(["Mod-Shift-8"], nodes.bullet_list),
		orderedList: list(["Mod-Shift-7"], nodes.ordered_list),
		taskList: list(["Mod-Shift-6"], nodes.task_list),
		tick: { keys: ["Mod-Enter"], run: tick(ticked), isActive: isTicked },
		indent: { keys: ["Tab"], run: sinkListItem(nodes.list_item), isActive: never },
		outdent: { keys: ["Shift-Tab"], run: liftListItem(nodes.list_item), isActive: never },
		quote: box(["Mod-Shift-9"], nodes.blockquote),
		callout: box(["Mod-Shift-0"], nodes.callout),
		codeBlock: {
			keys: ["Mod-Alt-c"],
			run: (state, dispatch) =>
				setBlockType(all(state, isCode) ? nodes.paragraph : nodes.code_block)(state, dispatch),
			isActive: (state) => all(state, isCode),
		},
		divider: { keys: ["Mod-Alt-d"], run: insertDivider, isActive: never },
		undo: {
			keys: ["Mod-z"],
			run: undo,
			isActive: never,
		},
		redo: {
			keys: ["Mod-y", "Mod-Shift-z"],
			run: redo,
			isActive: never,
		},
	};
}

function block(keys: readonly string[], type: NodeType, level?: number): CommandSpec {
	const attrs = level === undefined ? null : { level };
	const is = (node: Node) => node.type === type && (level === undefined || node.attrs.level === level);
	return {
		keys,
		// Choosing a heading's level again makes it a paragraph.
		run: (state, dispatch) =>
			level !== undefined && all(state, is)
				? setBlockType(nodes.paragraph)(state, dispatch)
				: setBlockType(type, attrs)(state, dispatch),
		isActive: (state) => all(state, is),
	};
}

function mark(keys: readonly string[], type: MarkType): CommandSpec {
	return {
		keys,
		run: (state, dispatch) => takesMarks(state) && toggleMark(type)(state, dispatch),
		isActive: (state) => hasMark(state, type),
	};
}

/** Code blocks show text as it is; a selection that lies in nothing else takes no marks. */
function takesMarks(state: EditorState): boolean {
	return !all(state, isCode);
}

function hasMark(state: EditorState, type: MarkType): boolean {
	const { $from, from, to, empty } = state.selection;
	if (empty) return type.isInSet(state.storedMarks ?? $from.marks()) !== undefined;
	let found = false;
	let everywhere = true;
	state.doc.nodesBetween(from, to, (node) => {
		if (!node.isText) return;
		found = true;
		everywhere &&= type.isInSet(node.marks) !== undefined;
	});
	return found && everywhere;
}

/** Whether every text block of the selection is such a one. */
function all(state: EditorState, is: (node: Node) => boolean): boolean {
	const { from, to } = state.selection;
	let found = false;
	let every = true;
	state.doc.nodesBetween(from, to, (node) => {
		if (!node.isTextblock) return every;
		found = true;
		every &&= is(node);
		return false;
	});
	return found && every;
}

function isCode(node: Node): boolean {
	return node.type === nodes.code_block;
}

/** The depth of the innermost node of that kind around the whole selection. */
function around(state: EditorState, is: (node: Node) => boolean): number | null {
	const { $from, $to } = state.selection;
	for (let depth = $from.sharedDepth($to.pos); depth > 0; depth--) if (is($from.node(depth))) return depth;
	return null;
}

/** Puts the selection into a quote or a callout, makes the one the other, or takes it out. */
function box(keys: readonly string[], type: NodeType): CommandSpec {
	const isThis = (node: Node) => node.type === type;
	const isActive = (state: EditorState) => {
		const depth = around(state, isBox);
		return depth !== null && isThis(state.selection.$from.node(depth));
	};
	return {
		keys,
		isActive,
		run: (state, dispatch) => {
			const { $from, $to } = state.selection;
			const depth = around(state, isBox);
			if (isActive(state)) {
				const range = $from.blockRange($to, isThis);
				const target = range === null ? null : liftTarget(range);
				if (range === null || target === null) return lift(state, dispatch);
				dispatch?.(state.tr.lift(range, target).scrollIntoView());
				return true;
			}
			if (depth !== null) {
				dispatch?.(state.tr.setNodeMarkup($from.before(depth), type));
				return true;
			}
			const range = $from.blockRange($to);
			const wrapping = range === null ? null : findWrapping(range, type);
			if (range === null || wrapping === null) return false;
			dispatch?.(state.tr.wrap(range, wrapping).scrollIntoView());
			return true;
		},
	};
}

function list(keys: readonly string[], type: NodeType): CommandSpec {
	const isThis = (node: Node) => node.type === type;
	const isActive = (state: EditorState) => {
		const depth = around(state, isList);
		return depth !== null && isThis(state.selection.$from.node(depth));
	};
	return {
		keys,
		isActive,
		run: (state, dispatch) => {
			if (isActive(state)) return liftListItem(nodes.list_item)(state, dispatch);
			return chainCommands(changeList(type), wrapInList(type))(state, dispatch);
		},
	};
}

/** Makes the items of the list around the selection items of the other kind of list. */
function changeList(type: NodeType): Command {
	return (state, dispatch) => {
		const depth = around(state, isList);
		if (depth === null) return false;
		dispatch?.(state.tr.setNodeMarkup(state.selection.$from.before(depth), type));
		return true;
	};
}

/** Puts the selected blocks into a list. Only paragraphs begin an item, so headings become paragraphs. */
function wrapInList(type: NodeType): Command {
	return (state, dispatch) => {
		const tr = state.tr;
		const { from, to } = state.selection;
		if (!all(state, (node) => node.type === nodes.paragraph)) tr.setBlockType(from, to, nodes.paragraph);
		const range = tr.selection.$from.blockRange(tr.selection.$to);
		if (range === null || !wrapRangeInList(dispatch ? tr : null, range, type)) return false;
		dispatch?.(tr.scrollIntoView());
		return true;
	};
}

/** Puts a divider where the caret is, or below its block, and the caret below the divider. */
const insertDivider: Command = (state, dispatch) => {
	const tr = dividerAt(state);
	if (tr === null) return false;
	dispatch?.(tr.scrollIntoView());
	return true;
};

export function dividerAt(state: EditorState): Transaction | null {
	const { $from, $to } = state.selection;
	if (!$from.parent.isTextblock || $from.depth === 0) return null;
	const depth = $from.depth - 1;
	const parent = $from.node(depth);
	const index = $from.index(depth);
	const emptied =
		$from.parent.content.size === 0 && $from.parent.type === nodes.paragraph && $from.sameParent($to);
	const replace = emptied && parent.canReplaceWith(index, index + 1, nodes.horizontal_rule);
	const at = replace ? $from.before() : $from.after();
	const following = parent.maybeChild(index + 1);
	const needsText = !following?.isTextblock;
	const added = needsText
		? [nodes.horizontal_rule.create(), nodes.paragraph.create()]
		: [nodes.horizontal_rule.create()];
	const tr = state.tr.replaceWith(at, replace ? $from.after() : at, added);
	return tr.setSelection(TextSelection.near(tr.doc.resolve(at + 1), 1));
}
