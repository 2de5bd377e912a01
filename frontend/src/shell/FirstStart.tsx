import { type FormEvent, useState } from "react";
import { useTranslation } from "../i18n";
import { Button } from "../ui/Button";
import { TableDrawing } from "../ui/Drawing";
import { TextField } from "../ui/Field";
import { errorWords } from "./errorWords";
import { LanguageRow } from "./LanguageRow";
import { checkName } from "./names";
import styles from "./Standby.module.css";
import type { Session } from "./session";
import { toField } from "./toField";
import { usePageTitle } from "./usePageTitle";

type FirstStartProps = Pick<Session, "bridge" | "preferences" | "prefer" | "setYou">;

/** Asks for a name, nothing else. */
export function FirstStart({ bridge, preferences, prefer, setYou }: FirstStartProps) {
	const { t } = useTranslation();
	const [name, setName] = useState("");
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	usePageTitle(t("first.title"));

	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		const wrong = checkName(name);
		if (wrong !== undefined) {
			setProblem(wrong === "missing" ? t("first.nameMissing") : t("first.nameTooLong"));
			toField(form);
			return;
		}
		setBusy(true);
		try {
			const person = { name: name.trim() };
			await bridge.api.SetPerson(person);
			setYou(person);
		} catch (reason) {
			setProblem(errorWords(reason, t));
			toField(form);
			setBusy(false);
		}
	};

	return (
		<main className={styles.page}>
			<div className={styles.card}>
				<div className={styles.drawing}>
					<TableDrawing />
				</div>
				<div>
					<h1 className={styles.title}>{t("first.title")}</h1>
					<p className={styles.intro}>{t("first.intro")}</p>
				</div>
				<form className={styles.form} onSubmit={submit} noValidate>
					<TextField
						label={t("first.name")}
						description={t("first.nameHint")}
						placeholder={t("first.namePlaceholder")}
						value={name}
						onChange={(value) => {
							setName(value);
							setProblem(undefined);
						}}
						error={problem}
						autoComplete="name"
						autoFocus
					/>
					<Button type="submit" look="primary">
						{t("first.start")}
					</Button>
				</form>
			</div>
			<LanguageRow chosen={preferences.language} onChoose={(language) => prefer({ language })} />
		</main>
	);
}
