import {
	Bold,
	Code,
	Heading1,
	Heading2,
	Heading3,
	Heading4,
	Highlighter,
	IndentDecrease,
	IndentIncrease,
	Italic,
	Link,
	List,
	ListOrdered,
	ListTodo,
	type LucideIcon,
	Megaphone,
	Minus,
	Pilcrow,
	Quote,
	Redo2,
	SquareCode,
	Strikethrough,
	Underline,
	Undo2,
} from "lucide-react";
import type { CommandId } from "../../editor";
import type { TFunction } from "../../i18n";

/** How a command looks and what it is called. */
export interface Tool {
	id: CommandId;
	icon: LucideIcon;
	/** Points along the line, and turns with it. */
	mirrored?: boolean;
	/** Holds or does not hold at the caret, as bold does; others just do something. */
	toggles?: boolean;
}

/** The kinds of paragraph, one of which holds at the caret. */
export const blockTools: readonly Tool[] = [
	{ id: "paragraph", icon: Pilcrow },
	{ id: "heading1", icon: Heading1 },
	{ id: "heading2", icon: Heading2 },
	{ id: "heading3", icon: Heading3 },
	{ id: "heading4", icon: Heading4 },
	{ id: "codeBlock", icon: SquareCode },
];

/**
 * The other tools in the order of the bar, in groups; where room is short, the last go into the menu first. What
 * helps out of a mistake is never looked for, so it comes first.
 */
export const toolGroups: readonly (readonly Tool[])[] = [
	[
		{ id: "undo", icon: Undo2, mirrored: true },
		{ id: "redo", icon: Redo2, mirrored: true },
	],
	[
		{ id: "strong", icon: Bold, toggles: true },
		{ id: "em", icon: Italic, toggles: true },
		{ id: "underline", icon: Underline, toggles: true },
		{ id: "strike", icon: Strikethrough, toggles: true },
		{ id: "highlight", icon: Highlighter, toggles: true },
		{ id: "link", icon: Link, toggles: true },
		{ id: "code", icon: Code, toggles: true },
	],
	[
		{ id: "bulletList", icon: List, mirrored: true, toggles: true },
		{ id: "orderedList", icon: ListOrdered, mirrored: true, toggles: true },
		{ id: "taskList", icon: ListTodo, mirrored: true, toggles: true },
		{ id: "outdent", icon: IndentDecrease, mirrored: true },
		{ id: "indent", icon: IndentIncrease, mirrored: true },
	],
	[
		{ id: "quote", icon: Quote, mirrored: true, toggles: true },
		{ id: "callout", icon: Megaphone, mirrored: true, toggles: true },
		{ id: "divider", icon: Minus },
	],
];

/** Every kind of block, as a slash and the menu at the start of the bar offer them. */
export const kindTools: readonly Tool[] = [
	...blockTools,
	...toolGroups
		.flat()
		.filter(({ id }) =>
			["bulletList", "orderedList", "taskList", "quote", "callout", "divider"].includes(id),
		),
];

/** Those of the tools whose name has what was typed, by how soon; case and accents do not matter. */
export function matching(
	tools: readonly Tool[],
	typed: string,
	nameOf: (id: CommandId) => string,
	language: string,
): readonly Tool[] {
	const plain = (text: string) =>
		text
			.normalize("NFD")
			.replace(/\p{Mn}/gu, "")
			.toLocaleLowerCase(language);
	const wanted = plain(typed.trim());
	const places = tools.map((tool) => ({ tool, at: plain(nameOf(tool.id)).indexOf(wanted) }));
	return places
		.filter(({ at }) => at >= 0)
		.sort((a, b) => Math.min(a.at, 1) - Math.min(b.at, 1))
		.map(({ tool }) => tool);
}

export function toolLabel(id: CommandId, t: TFunction): string {
	const labels: Record<CommandId, string> = {
		paragraph: t("text.paragraph"),
		heading1: t("text.heading1"),
		heading2: t("text.heading2"),
		heading3: t("text.heading3"),
		heading4: t("text.heading4"),
		codeBlock: t("text.codeBlock"),
		strong: t("text.bold"),
		em: t("text.italic"),
		underline: t("text.underline"),
		strike: t("text.strike"),
		highlight: t("text.highlight"),
		code: t("text.code"),
		link: t("text.link"),
		bulletList: t("text.bulletList"),
		orderedList: t("text.numberedList"),
		taskList: t("text.taskList"),
		tick: t("text.tick"),
		indent: t("text.indent"),
		outdent: t("text.outdent"),
		quote: t("text.quote"),
		callout: t("text.callout"),
		divider: t("text.divider"),
		undo: t("text.undo"),
		redo: t("text.redo"),
	};
	return labels[id];
}
