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
	/** Whether it holds now, which a tick shows. */
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
	/** Read after the entries that hold now, where some do. */
	selectedLabel?: string;
}

export function Menu({ trigger, label, entries, selectedLabel = "" }: MenuProps) {
	const ticks = entries.some((entry) => entry.selected);
	const disabled = entries.filter((entry) => entry.disabled).map((entry) => entry.id);
	return (
		<MenuTrigger>
			{trigger}
			<Popover className={styles.popover}>
				<AriaMenu aria-label={label} disabledKeys={disabled} className={styles.menu}>
					{entries.flatMap((entry) => [
						entry.separated && <Separator key={`${entry.id}-line`} className={styles.separator} />,
						<Entry key={entry.id} entry={entry} ticks={ticks} selectedLabel={selectedLabel} />,
					])}
				</AriaMenu>
			</Popover>
		</MenuTrigger>
	);
}

interface EntryProps {
	entry: MenuEntry;
	/** Whether there is a column of ticks. */
	ticks: boolean;
	selectedLabel: string;
}

function Entry({ entry, ticks, selectedLabel }: EntryProps) {
	const { icon: Icon } = entry;
	return (
		<AriaMenuItem
			id={entry.id}
			textValue={entry.label}
			onAction={entry.onAction}
			className={styles.item}
			data-holds={entry.selected || undefined}
		>
			{Icon && <Icon aria-hidden className={entry.mirrored ? "mirrored" : undefined} />}
			<span className={styles.text}>
				<Text slot="label">
					{entry.label}
					{entry.selected && <span className="visually-hidden"> {selectedLabel}</span>}
				</Text>
				{entry.description && (
					<Text slot="description" className={styles.description}>
						{entry.description}
					</Text>
				)}
			</span>
			{entry.keys && <kbd aria-hidden data-keys={entry.keys} className={styles.keys} />}
			{ticks && <Check aria-hidden className={styles.check} />}
		</AriaMenuItem>
	);
}
