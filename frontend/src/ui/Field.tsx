import { Check, ChevronDown, TriangleAlert } from "lucide-react";
import { type ReactNode, useId } from "react";
import {
	Button as AriaButton,
	TextField as AriaTextField,
	type TextFieldProps as AriaTextFieldProps,
	FieldError,
	Input,
	Label,
	ListBox,
	ListBoxItem,
	Popover,
	Radio,
	RadioGroup,
	Select,
	SelectValue,
	Switch,
	Text,
	TextArea,
} from "react-aria-components";
import styles from "./Field.module.css";
import menu from "./Menu.module.css";

interface TextFieldProps extends Omit<AriaTextFieldProps, "className" | "children"> {
	label: string;
	description?: ReactNode;
	/** What is wrong and what to do about it; marks the field as invalid. */
	error?: string | undefined;
	placeholder?: string;
	/** More than one line of plain text, for codes. */
	lines?: number;
	/** Select all of it on focus, for what is there to be copied. */
	selected?: boolean;
}

export function TextField({
	label,
	description,
	error,
	placeholder,
	lines,
	selected = false,
	...rest
}: TextFieldProps) {
	return (
		<AriaTextField
			{...rest}
			isInvalid={error !== undefined}
			validationBehavior="aria"
			className={styles.field}
		>
			<Label className={styles.label}>{label}</Label>
			{description && (
				<Text slot="description" className={styles.description}>
					{description}
				</Text>
			)}
			{lines ? (
				<TextArea
					rows={lines}
					placeholder={placeholder}
					spellCheck={false}
					dir="ltr"
					onFocus={selected ? (event) => event.target.select() : undefined}
					className={styles.input}
				/>
			) : (
				<Input placeholder={placeholder} className={styles.input} />
			)}
			<FieldError className={styles.error}>
				<TriangleAlert aria-hidden />
				<span>{error}</span>
			</FieldError>
		</AriaTextField>
	);
}

export interface Option<V extends string> {
	value: V;
	label: string;
	description?: string;
	/** The language the label is written in, where it is not the page's. */
	lang?: string;
}

interface PickerProps<V extends string> {
	label: string;
	options: readonly Option<V>[];
	value: V;
	onChange: (value: V) => void;
}

/** One of a few, from a list that opens. */
export function Picker<V extends string>({ label, options, value, onChange }: PickerProps<V>) {
	return (
		<Select value={value} onChange={(key) => onChange(key as V)} className={styles.field}>
			<Label className={styles.label}>{label}</Label>
			<AriaButton className={styles.picker}>
				<SelectValue>{({ selectedText }) => selectedText}</SelectValue>
				<ChevronDown aria-hidden />
			</AriaButton>
			<Popover className={menu.popover}>
				<ListBox items={options.map((option) => ({ ...option, id: option.value }))} className={menu.menu}>
					{(option) => (
						<ListBoxItem id={option.value} textValue={option.label} className={menu.item}>
							<span className={menu.text}>
								<Text slot="label" lang={option.lang}>
									{option.label}
								</Text>
								{option.description && (
									<Text slot="description" className={menu.description}>
										{option.description}
									</Text>
								)}
							</span>
							<Check aria-hidden className={menu.check} />
						</ListBoxItem>
					)}
				</ListBox>
			</Popover>
		</Select>
	);
}

/** One of a few, all in sight. */
export function Choices<V extends string>({ label, options, value, onChange }: PickerProps<V>) {
	return (
		<RadioGroup value={value} onChange={(chosen) => onChange(chosen as V)} className={styles.field}>
			<Label className={styles.label}>{label}</Label>
			<div className={styles.choices}>
				{options.map((option) => (
					<Radio key={option.value} value={option.value} className={styles.choice}>
						<span className={styles.dot} />
						<span lang={option.lang}>{option.label}</span>
					</Radio>
				))}
			</div>
		</RadioGroup>
	);
}

interface SwitchFieldProps {
	label: string;
	description?: string;
	selected: boolean;
	onChange: (selected: boolean) => void;
}

export function SwitchField({ label, description, selected, onChange }: SwitchFieldProps) {
	const describedBy = useId();
	return (
		<div className={styles.field}>
			<Switch
				isSelected={selected}
				onChange={onChange}
				className={styles.switch}
				{...(description ? { "aria-describedby": describedBy } : {})}
			>
				<span className={styles.track}>
					<span className={styles.thumb} />
				</span>
				<span className={styles.label}>{label}</span>
			</Switch>
			{description && (
				<p id={describedBy} className={styles.description}>
					{description}
				</p>
			)}
		</div>
	);
}
