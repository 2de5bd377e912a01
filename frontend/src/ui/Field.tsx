import { Check, ChevronDown, Search, TriangleAlert, X } from "lucide-react";
import { type ReactNode, useId } from "react";
import {
	Button as AriaButton,
	Checkbox as AriaCheckbox,
	SearchField as AriaSearchField,
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
import { join } from "./Button";
import styles from "./Field.module.css";
import menu from "./Menu.module.css";
import { Told } from "./Told";

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
				<span>{error && <Told text={error} />}</span>
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
	disabled?: boolean;
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
export function Choices<V extends string>({ label, options, value, onChange, disabled }: PickerProps<V>) {
	return (
		<RadioGroup
			value={value}
			onChange={(chosen) => onChange(chosen as V)}
			isDisabled={disabled ?? false}
			className={styles.field}
		>
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

/** One of a few, each with a sentence that says what it means. */
export function ChoiceList<V extends string>({ label, options, value, onChange }: PickerProps<V>) {
	return (
		<RadioGroup value={value} onChange={(chosen) => onChange(chosen as V)} className={styles.field}>
			<Label className={styles.label}>{label}</Label>
			<div className={styles.stack}>
				{options.map((option) => (
					<Described key={option.value} option={option} />
				))}
			</div>
		</RadioGroup>
	);
}

function Described<V extends string>({ option: { value, label, description } }: { option: Option<V> }) {
	const describedBy = useId();
	return (
		<Radio
			value={value}
			aria-label={label}
			{...(description ? { "aria-describedby": describedBy } : {})}
			className={join(styles.choice, styles.described)}
		>
			<span className={styles.dot} />
			<span className={styles.choiceText}>
				<span>{label}</span>
				{description && (
					<span id={describedBy} className={styles.description}>
						{description}
					</span>
				)}
			</span>
		</Radio>
	);
}

interface CheckFieldProps {
	label: string;
	description?: string;
	selected: boolean;
	onChange: (selected: boolean) => void;
}

export function CheckField({ label, description, selected, onChange }: CheckFieldProps) {
	const describedBy = useId();
	return (
		<div className={styles.field}>
			<AriaCheckbox
				isSelected={selected}
				onChange={onChange}
				className={styles.check}
				{...(description ? { "aria-describedby": describedBy } : {})}
			>
				<span className={styles.box}>
					<Check aria-hidden />
				</span>
				<span>{label}</span>
			</AriaCheckbox>
			{description && (
				<p id={describedBy} className={join(styles.description, styles.inset)}>
					{description}
				</p>
			)}
		</div>
	);
}

interface SearchFieldProps {
	label: string;
	placeholder: string;
	clearLabel: string;
	value: string;
	onChange: (value: string) => void;
}

/** Finds as one types; Escape and its button empty it. */
export function SearchField({ label, placeholder, clearLabel, value, onChange }: SearchFieldProps) {
	return (
		<AriaSearchField value={value} onChange={onChange} className={styles.field}>
			<Label className={styles.label}>{label}</Label>
			<div className={styles.search}>
				<Search aria-hidden />
				<Input placeholder={placeholder} className={styles.input} />
				{value !== "" && (
					<AriaButton aria-label={clearLabel} className={styles.clear}>
						<X aria-hidden />
					</AriaButton>
				)}
			</div>
		</AriaSearchField>
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
