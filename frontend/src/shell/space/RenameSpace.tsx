import { type FormEvent, useState } from "react";
import type { Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import dialogs from "../dialogs/dialogs.module.css";
import { errorWords } from "../errorWords";
import { checkName } from "../names";
import { useSession } from "../session";
import { toField } from "../toField";
import styles from "./space.module.css";

export function RenameSpace({ space }: { space: Space }) {
	const { t } = useTranslation();
	const { bridge, refresh, notices } = useSession();
	// What is typed; without, the name as it is, also when somebody else changes it meanwhile.
	const [draft, setDraft] = useState<string>();
	const [problem, setProblem] = useState<string>();
	const name = draft ?? space.name;
	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		const wrong = checkName(name);
		if (wrong !== undefined) {
			setProblem(wrong === "missing" ? t("space.nameMissing") : t("space.nameTooLong"));
			return toField(form);
		}
		try {
			await bridge.api.RenameSpace(space.id, name.trim());
			setDraft(undefined);
			refresh();
			notify(notices, { kind: "good", text: t("thisSpace.renamed") });
		} catch (reason) {
			setProblem(errorWords(reason, t));
			toField(form);
		}
	};
	return (
		<section aria-labelledby="rename" className={styles.setting}>
			<h2 id="rename">{t("space.name")}</h2>
			<form className={dialogs.nameForm} onSubmit={submit} noValidate>
				<TextField
					label={t("thisSpace.name")}
					value={name}
					onChange={(value) => {
						setDraft(value);
						setProblem(undefined);
					}}
					error={problem}
					autoComplete="off"
				/>
				<Button type="submit" isDisabled={name.trim() === space.name}>
					{t("thisSpace.rename")}
				</Button>
			</form>
		</section>
	);
}
