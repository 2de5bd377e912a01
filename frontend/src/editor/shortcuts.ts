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
			wrappingInputRule(/^\s*>\s$/, nodes.blockquote),
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
