import { type FormEvent, useState } from "react";
import { useTranslation } from "../i18n";
import { Button } from "../ui/Button";
import { TextField } from "../ui/Field";
import { errorWords } from "./errorWords";
import { checkName, type NameProblem } from "./names";
import { toField } from "./toField";

interface NameFormProps {
	className?: string | undefined;
	/** What the field and its button say. */
	says: { label: string; hint?: string; placeholder: string; action: string };
	/** What is said of a name that cannot be one. */
	wrong: Record<NameProblem, string>;
	autoComplete: "name" | "off";
	autoFocus: boolean;
	/** Is handed a name that can be one, and leads away from the form. */
	save: (name: string) => Promise<void>;
}

/** Asks for one name. What is not taken is said, and the focus is back on the field. */
export function NameForm({ className, says, wrong, autoComplete, autoFocus, save }: NameFormProps) {
	const { t } = useTranslation();
	const [name, setName] = useState("");
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);

	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		const unfit = checkName(name);
		if (unfit !== undefined) {
			setProblem(wrong[unfit]);
			toField(form);
			return;
		}
		setBusy(true);
		try {
			await save(name.trim());
		} catch (reason) {
			setProblem(errorWords(reason, t));
			toField(form);
			setBusy(false);
		}
	};

	return (
		<form className={className} onSubmit={submit} noValidate>
			<TextField
				label={says.label}
				description={says.hint}
				placeholder={says.placeholder}
				value={name}
				onChange={(value) => {
					setName(value);
					setProblem(undefined);
				}}
				error={problem}
				autoComplete={autoComplete}
				autoFocus={autoFocus}
			/>
			<Button type="submit" look="primary">
				{says.action}
			</Button>
		</form>
	);
}
