import { type FormEvent, useState } from "react";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { CheckField, TextField } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import { errorWords } from "../errorWords";
import { checkName, personOf, samePerson } from "../names";
import { useSession } from "../session";
import { toField } from "../toField";
import styles from "./dialogs.module.css";

/** Who this person is to everybody in their spaces: the name, and what they speak for. */
export function PersonForm() {
	const { t } = useTranslation();
	const { bridge, you, setYou, refresh, notices } = useSession();
	const [name, setName] = useState(you.name);
	const [organisation, setOrganisation] = useState(you.organisation ?? "");
	const [official, setOfficial] = useState(you.official === true);
	const [problem, setProblem] = useState<{ field: "name" | "organisation"; words: string }>();
	const person = personOf(name, organisation, official);
	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		const wrong = checkName(name);
		if (wrong !== undefined) {
			const words = wrong === "missing" ? t("first.nameMissing") : t("first.nameTooLong");
			setProblem({ field: "name", words });
			toField(form);
			return;
		}
		if (checkName(organisation) === "too-long") {
			setProblem({ field: "organisation", words: t("settings.organisationTooLong") });
			toField(form);
			return;
		}
		try {
			await bridge.api.SetPerson(person);
			setYou(person);
			refresh();
			notify(notices, { kind: "good", text: t("settings.personSaved") });
		} catch (reason) {
			setProblem({ field: "name", words: errorWords(reason, t) });
			toField(form);
		}
	};
	const wrongIn = (field: "name" | "organisation") => (problem?.field === field ? problem.words : undefined);
	return (
		<form className={styles.personForm} onSubmit={submit} noValidate>
			<TextField
				label={t("settings.name")}
				value={name}
				onChange={(value) => {
					setName(value);
					setProblem(undefined);
				}}
				error={wrongIn("name")}
				autoComplete="name"
			/>
			<TextField
				label={t("settings.organisation")}
				description={t("settings.organisationHint")}
				value={organisation}
				onChange={(value) => {
					setOrganisation(value);
					setProblem(undefined);
				}}
				error={wrongIn("organisation")}
				autoComplete="organization"
			/>
			<CheckField
				label={t("settings.official")}
				description={t("settings.officialHint")}
				selected={official}
				onChange={setOfficial}
			/>
			<Button type="submit" isDisabled={samePerson(person, you)}>
				{t("settings.savePerson")}
			</Button>
		</form>
	);
}
