import {
	InputRule,
	inputRules,
	textblockTypeInputRule,
	undoInputRule,
	wrappingInputRule,
} from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import type { Mark } from "prosemirror-model";
import { Plugin } from "prosemirror-state";
import { findWrapping } from "prosemirror-transform";
import { dividerAt } from "./commands";
import { safeHref } from "./links";
import { marks, nodes } from "./schema";

/** Markdown as one types it. Backspace right after takes a shortcut back. */
export function shortcutPlugins(): Plugin[] {
	const typed = inputRules({
		rules: [
			textblockTypeInputRule(/^(#{1,4})\s$/, nodes.heading, (match) => ({ level: match[1]?.length ?? 1 })),
			textblockTypeInputRule(/^```$/, nodes.code_block),
			wrappingInputRule(/^\s*[-*]\s$/, nodes.bullet_list),
			wrappingInputRule(/^\s*\d{1,3}[.)]\s$/, nodes.ordered_list),
			task,
			wrappingInputRule(/^\s*>\s$/, nodes.blockquote),
			wrappingInputRule(/^\s*!\s$/, nodes.callout),
			divider,
			inline(/(?:^|[^*\w])(\*\*)([^*\s](?:[^*]*[^*\s])?)\*\*$/, () => marks.strong.create()),
			inline(/(?:^|[^*\w])(\*)([^*\s](?:[^*]*[^*\s])?)\*$/, () => marks.em.create()),
			inline(/(?:^|[^_\w])(_)([^_\s](?:[^_]*[^_\s])?)_$/, () => marks.em.create()),
			inline(/(?:^|[^~])(~~)([^~\s](?:[^~]*[^~\s])?)~~$/, () => marks.strike.create()),
			inline(/(?:^|[^=])(==)([^=\s](?:[^=]*[^=\s])?)==$/, () => marks.highlight.create()),
			inline(/(?:^|[^`])(`)([^`]+)`$/, () => marks.code.create()),
			inline(/(\[)([^[\]]+)\]\(([^()\s]+)\)$/, (match) => {
				const href = safeHref(match[3] ?? "");
				return href === null ? null : marks.link.create({ href });
			}),
		],
	});
	return [typed, withoutSpaceAfter(typed), keymap({ Backspace: undoInputRule })];
}

/** A divider and code begin without a space; one that is typed all the same, as after "# ", does not stay. */
function withoutSpaceAfter(rules: ReturnType<typeof inputRules>): Plugin {
	return new Plugin({
		props: {
			handleTextInput({ state, dispatch }, from, to, text) {
				// The rules remember the one that was used last, until something else happens.
				const last = rules.getState(state)?.text ?? "";
				const atStart = from === to && state.selection.$from.parentOffset === 0;
				if (!/^[-*`]$/.test(last) || !/^[ \u00a0]$/.test(text) || !atStart) return false;
				// Selecting what is selected forgets the rule: a second space is meant.
				dispatch(state.tr.setSelection(state.selection));
				return true;
			},
		},
	});
}

/** "[ ] " or "[x] " makes a task of a paragraph, and of an item of another list, which it parts if need be. */
const task = new InputRule(/^\s*\[([ xX]?)\]\s$/, (state, match, start, end) => {
	const tr = state.tr.delete(start, end);
	const done = match[1]?.toLowerCase() === "x";
	const $start = tr.doc.resolve(start);
	const item = $start.depth > 1 ? $start.node(-1) : null;
	if (item?.type === nodes.list_item && item.attrs.done === null && $start.index(-1) === 0) {
		const [at, list, index] = [$start.before(-1), $start.node(-2), $start.index(-2)];
		if (index < list.childCount - 1) tr.split(at + item.nodeSize);
		if (index > 0) tr.split(at);
		const pos = index > 0 ? at + 2 : at;
		return tr.setNodeMarkup(pos - 1, nodes.task_list).setNodeAttribute(pos, "done", done);
	}
	const range = $start.blockRange();
	const wrapping = range === null ? null : findWrapping(range, nodes.task_list);
	if (range === null || wrapping === null || $start.parent.type !== nodes.paragraph) return null;
	return tr.wrap(range, wrapping).setNodeAttribute(range.start + 1, "done", done);
});

const divider = new InputRule(/^(?:---|—-|\*\*\*)$/, (state, _match, start, end) => {
	const $start = state.doc.resolve(start);
	if ($start.parent.type !== nodes.paragraph || $start.parent.content.size > end - start) return null;
	const cleared = state.apply(state.tr.delete(start, end));
	const placed = dividerAt(cleared);
	if (placed === null) return null;
	const tr = state.tr.delete(start, end);
	for (const step of placed.steps) tr.step(step);
	return tr.setSelection(placed.selection.map(tr.doc, placed.mapping.slice(placed.steps.length)));
});

/** Marks between delimiters: group 1 opens, group 2 is what gets the mark, the rest goes. */
function inline(pattern: RegExp, markFor: (match: RegExpMatchArray) => Mark | null): InputRule {
	return new InputRule(pattern, (state, match, start, end) => {
		const mark = markFor(match);
		const [whole, opening = "", content = ""] = match;
		if (mark === null || !state.doc.resolve(start).parent.type.allowsMarkType(mark.type)) return null;
		const from = start + whole.indexOf(opening + content);
		const inside = from + opening.length;
		const { tr } = state;
		if (inside + content.length < end) tr.delete(inside + content.length, end);
		tr.delete(from, inside);
		return tr.addMark(from, from + content.length, mark).removeStoredMark(mark.type);
	});
}
