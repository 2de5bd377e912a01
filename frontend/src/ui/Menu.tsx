import { Check, type LucideIcon } from "lucide-react";
import type { ReactElement } from "react";
import {
	Menu as AriaMenu,
	MenuItem as AriaMenuItem,
	MenuTrigger,
	Popover,
	Separator,
	Text,
} from "react-aria-components";
import styles from "./Menu.module.css";

export interface MenuEntry {
	id: string;
	label: string;
	description?: string;
	icon?: LucideIcon;
	mirrored?: boolean;
	/** Keys that do the same. */
	keys?: string | undefined;
	/** Whether it holds now; entries with this show a tick. */
	selected?: boolean | undefined;
	disabled?: boolean | undefined;
	/** A line before this entry. */
	separated?: boolean | undefined;
	onAction: () => void;
}

interface MenuProps {
	/** The button that opens it. */
	trigger: ReactElement;
	label: string;
	entries: readonly MenuEntry[];
}

export function Menu({ trigger, label, entries }: MenuProps) {
	const disabled = entries.filter((entry) => entry.disabled).map((entry) => entry.id);
	return (
		<MenuTrigger>
			{trigger}
			<Popover className={styles.popover}>
				<AriaMenu aria-label={label} disabledKeys={disabled} className={styles.menu}>
					{entries.flatMap((entry) => [
						entry.separated && <Separator key={`${entry.id}-line`} className={styles.separator} />,
						<Entry key={entry.id} entry={entry} />,
					])}
				</AriaMenu>
			</Popover>
		</MenuTrigger>
	);
}

function Entry({ entry }: { entry: MenuEntry }) {
	const { icon: Icon } = entry;
	return (
		<AriaMenuItem
			id={entry.id}
			textValue={entry.label}
			onAction={entry.onAction}
			className={styles.item}
			data-selected={entry.selected || undefined}
		>
			{Icon && <Icon aria-hidden className={entry.mirrored ? "mirrored" : undefined} />}
			<span className={styles.text}>
				<Text slot="label">{entry.label}</Text>
				{entry.description && (
					<Text slot="description" className={styles.description}>
						{entry.description}
					</Text>
				)}
			</span>
			{entry.keys && <kbd className={styles.keys}>{entry.keys}</kbd>}
			{entry.selected !== undefined && <Check aria-hidden className={styles.check} />}
		</AriaMenuItem>
	);
}
