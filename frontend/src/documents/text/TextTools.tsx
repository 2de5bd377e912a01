import { ChevronDown, Ellipsis } from "lucide-react";
import { Fragment, memo, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { Group, Separator, Toolbar } from "react-aria-components";
import type { TextEditor, ToolState } from "../../editor";
import { useKeyNames, useTranslation } from "../../i18n";
import { Button, IconButton, IconToggle } from "../../ui/Button";
import { keyLabel } from "../../ui/keys";
import { Menu, type MenuEntry } from "../../ui/Menu";
import { fitting } from "./fitting";
import styles from "./TextTools.module.css";
import { blockTools, kindTools, type Tool, toolGroups, toolLabel } from "./tools";

/** The bar of tools; those for which there is no room are in a menu at its end. */
export const TextTools = memo(function TextTools({ editor }: { editor: TextEditor }) {
	const { t } = useTranslation();
	const state = useSyncExternalStore(editor.subscribe, editor.getSnapshot);
	const bar = useRef<HTMLDivElement>(null);
	const shown = useRoomFor(bar);
	const entries = useEntries(editor, state);
	const all = toolGroups.flat();
	const rest = all.slice(shown);
	const groups = toolGroups
		.map((group) => group.filter((tool) => all.indexOf(tool) < shown))
		.filter((group) => group.length > 0);
	return (
		<Toolbar ref={bar} aria-label={t("text.tools")} className={styles.bar}>
			<BlockMenu state={state} entries={entries(kindTools)} />
			{groups.map((group) => (
				<Fragment key={group[0]?.id}>
					<Separator orientation="vertical" className={styles.line} />
					<Group className={styles.group}>
						{group.map((tool) => (
							<ToolButton key={tool.id} tool={tool} editor={editor} state={state} />
						))}
					</Group>
				</Fragment>
			))}
			{rest.length > 0 && (
				<Menu
					label={t("text.moreTools")}
					selectedLabel={t("text.chosen")}
					trigger={<IconButton icon={Ellipsis} label={t("text.moreTools")} className={styles.more} />}
					entries={entries(rest)}
				/>
			)}
		</Toolbar>
	);
});

interface ToolProps {
	tool: Tool;
	editor: TextEditor;
	state: ToolState;
}

function ToolButton({ tool, editor, state }: ToolProps) {
	const { t } = useTranslation();
	const names = useKeyNames();
	const command = editor.commands[tool.id];
	const { active, enabled } = state[tool.id];
	const shared = {
		icon: tool.icon,
		mirrored: tool.mirrored ?? false,
		label: toolLabel(tool.id, t),
		keys: keyLabel(command.keys[0] ?? "", names),
		isDisabled: !enabled,
	};
	return tool.toggles ? (
		<IconToggle {...shared} isSelected={active} onChange={() => command.run()} />
	) : (
		<IconButton {...shared} onPress={() => command.run()} />
	);
}

function BlockMenu({ state, entries }: { state: ToolState; entries: MenuEntry[] }) {
	const { t } = useTranslation();
	const present = blockTools.find(({ id }) => state[id].active) ?? blockTools[0];
	const type = present ? toolLabel(present.id, t) : "";
	return (
		<Menu
			label={t("text.blockTypes")}
			selectedLabel={t("text.chosen")}
			trigger={
				<Button look="quiet" className={styles.block} aria-label={t("text.blockType", { type })}>
					{type}
					<ChevronDown aria-hidden />
				</Button>
			}
			entries={entries}
		/>
	);
}

function useEntries(editor: TextEditor, state: ToolState): (tools: readonly Tool[]) => MenuEntry[] {
	const { t } = useTranslation();
	const names = useKeyNames();
	return (tools) =>
		tools.map((tool) => {
			const command = editor.commands[tool.id];
			const { active, enabled } = state[tool.id];
			return {
				id: tool.id,
				icon: tool.icon,
				mirrored: tool.mirrored ?? false,
				label: toolLabel(tool.id, t),
				keys: keyLabel(command.keys[0] ?? "", names),
				selected: tool.toggles || blockTools.includes(tool) ? active : undefined,
				disabled: !enabled,
				// The menu gives the focus back to its button first; then it goes to the text.
				onAction: () => requestAnimationFrame(() => command.run()),
			};
		});
}

const every = toolGroups.flat().length;

/** How many tools fit beside the menu of paragraphs, in the size that the buttons have now. */
function useRoomFor(bar: React.RefObject<HTMLDivElement | null>): number {
	const [shown, setShown] = useState(every);
	useLayoutEffect(() => {
		const element = bar.current;
		if (element === null) return;
		const observer = new ResizeObserver(() => setShown(roomFor(element)));
		observer.observe(element);
		return () => observer.disconnect();
	}, [bar]);
	return shown;
}

function roomFor(bar: HTMLElement): number {
	const [block, tool] = bar.querySelectorAll("button");
	if (block === undefined || tool === undefined) return every;
	const style = getComputedStyle(bar);
	const padding = Number.parseFloat(style.paddingLeft) + Number.parseFloat(style.paddingRight);
	return fitting(toolGroups, {
		room: bar.clientWidth - padding - block.offsetWidth,
		tool: tool.offsetWidth,
		gap: Number.parseFloat(style.columnGap),
	});
}
