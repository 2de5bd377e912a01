import { type FormEvent, useState } from "react";
import { useTranslation } from "../i18n";
import { Button } from "../ui/Button";
import { TextField } from "../ui/Field";
import { errorWords } from "./errorWords";
import { checkName } from "./names";
import { useSession } from "./session";
import { toField } from "./toField";

interface CreateSpaceFormProps {
	autoFocus?: boolean;
	onDone?: () => void;
}

/** Asks for a space's name, makes the space and goes there. */
export function CreateSpaceForm({ autoFocus = false, onDone }: CreateSpaceFormProps) {
	const { t } = useTranslation();
	const { bridge, go, refresh } = useSession();
	const [name, setName] = useState("");
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);

	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		const wrong = checkName(name);
		if (wrong !== undefined) {
			setProblem(wrong === "missing" ? t("space.nameMissing") : t("space.nameTooLong"));
			toField(form);
			return;
		}
		setBusy(true);
		try {
			const space = await bridge.api.CreateSpace(name.trim());
			refresh();
			go({ space: space.id });
			onDone?.();
		} catch (reason) {
			setProblem(errorWords(reason, t));
			toField(form);
			setBusy(false);
		}
	};

	return (
		<form onSubmit={submit} noValidate>
			<TextField
				label={t("space.name")}
				placeholder={t("space.namePlaceholder")}
				value={name}
				onChange={(value) => {
					setName(value);
					setProblem(undefined);
				}}
				error={problem}
				autoComplete="off"
				autoFocus={autoFocus}
			/>
			<Button type="submit" look="primary">
				{t("space.create")}
			</Button>
		</form>
	);
}
