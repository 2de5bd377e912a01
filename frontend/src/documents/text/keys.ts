import { type CommandId, commandIds } from "../../editor";
import { commandSpecs } from "../../editor/commands";
import type { TFunction } from "../../i18n";
import type { KeySection } from "../index";
import { toolLabel } from "./tools";

/** Takes the focus from the text to the tools above it. */
export const TO_TOOLS = "Alt-F10";

const specs = commandSpecs(() => undefined);

/** The keys of every command, the one to show first. */
export function keysOf(id: CommandId): readonly string[] {
	return specs[id].keys;
}

/** What the keyboard help says of texts: every command, and what one types. */
export default function textKeys(t: TFunction): readonly KeySection[] {
	const typed = (id: CommandId, ...ways: string[]) => ({ action: toolLabel(id, t), typed: ways });
	return [
		{
			caption: t("keys.text"),
			rows: [
				{ action: t("keys.toTools"), keys: [TO_TOOLS] },
				{ action: t("keys.toText"), keys: ["Escape"] },
				...commandIds.map((id) => ({ action: toolLabel(id, t), keys: keysOf(id) })),
				{ action: t("text.lineBreak"), keys: ["Shift-Enter"] },
			],
		},
		{
			caption: t("keys.markdown"),
			rows: [
				typed("heading1", "# "),
				typed("heading2", "## "),
				typed("heading3", "### "),
				typed("heading4", "#### "),
				typed("bulletList", "- ", "* "),
				typed("orderedList", "1. "),
				{ action: t("text.kinds"), typed: ["/"] },
				typed("taskList", "[] ", "[x] "),
				typed("quote", "> "),
				typed("callout", "! "),
				typed("codeBlock", "```"),
				typed("divider", "---"),
			],
		},
		{
			caption: t("keys.markdownInline"),
			rows: [
				typed("strong", "**…**"),
				typed("em", "*…*", "_…_"),
				typed("strike", "~~…~~"),
				typed("highlight", "==…=="),
				typed("code", "`…`"),
				typed("link", "[…](https://…)"),
			],
		},
	];
}
