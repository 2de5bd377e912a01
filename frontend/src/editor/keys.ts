import { baseKeymap, chainCommands, exitCode } from "prosemirror-commands";
import { keydownHandler, keymap } from "prosemirror-keymap";
import { liftListItem } from "prosemirror-schema-list";
import { type Command, Plugin } from "prosemirror-state";
import type { CommandId, CommandSpec } from "./commands";
import { nodes } from "./schema";
import { splitItem } from "./tasks";

/** All keys of the editor; what a command's keys do not handle falls to ProseMirror's usual ones. */
export function keyPlugins(commands: Record<CommandId, CommandSpec>): Plugin[] {
	const bound: Record<string, Command> = {};
	for (const [id, { keys, run }] of Object.entries(commands)) {
		if (id === "indent" || id === "outdent" || id === "tick") continue;
		// A key that has a command here must never fall through to the browser (Mod-k, Mod-e search there).
		for (const key of keys) bound[key] = handled(run);
	}
	return [
		tabKeys(commands.indent.run, commands.outdent.run),
		keymap(bound),
		keymap({
			Enter: splitItem,
			"Shift-Enter": chainCommands(exitCode, insertBreak),
			"Mod-Enter": chainCommands(commands.tick.run, exitCode, insertBreak),
			Backspace: leaveItem,
		}),
		keymap(baseKeymap),
	];
}

function handled(command: Command): Command {
	return (state, dispatch, view) => {
		command(state, dispatch, view);
		return true;
	};
}

const insertBreak: Command = (state, dispatch) => {
	if (!state.selection.$from.parent.inlineContent || state.selection.$from.parent.type.spec.code === true)
		return false;
	dispatch?.(state.tr.replaceSelectionWith(nodes.hard_break.create()).scrollIntoView());
	return true;
};

/** Backspace at the start of a list item takes it out of the list, one level at a time. */
const leaveItem: Command = (state, dispatch) => {
	const { $from, empty } = state.selection;
	if (!empty || $from.parentOffset > 0 || $from.depth < 2) return false;
	const item = $from.node(-1);
	if (item.type !== nodes.list_item || $from.index(-1) > 0) return false;
	return liftListItem(nodes.list_item)(state, dispatch);
};

/**
 * Tab and Shift-Tab indent inside lists and move the focus elsewhere. Inside a list, Escape first lets the
 * next Tab move the focus, so that the keyboard is never caught in the editor.
 */
function tabKeys(indent: Command, outdent: Command): Plugin {
	let leaving = false;
	const inList = keydownHandler({ Tab: handledInList(indent), "Shift-Tab": handledInList(outdent) });
	return new Plugin({
		props: {
			handleKeyDown(view, event) {
				if (event.key === "Tab") return view.editable && !leaving && inList(view, event);
				if (event.key !== "Shift") leaving = event.key === "Escape";
				return false;
			},
			handleDOMEvents: {
				blur: () => {
					leaving = false;
					return false;
				},
			},
		},
	});
}

function handledInList(command: Command): Command {
	return (state, dispatch, view) => {
		const { $from } = state.selection;
		for (let depth = $from.depth; depth > 0; depth--) {
			if ($from.node(depth).type !== nodes.list_item) continue;
			command(state, dispatch, view);
			return true;
		}
		return false;
	};
}
