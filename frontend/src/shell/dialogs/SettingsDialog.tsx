import { MonitorSmartphone } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type Language, languages, useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Choices, TextField } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import { type TextSize, type Theme, textSizes, themes } from "../../ui/theme";
import { errorWords } from "../errorWords";
import { checkName } from "../names";
import { useSession } from "../session";
import { toField } from "../toField";
import styles from "./dialogs.module.css";
import { Protection } from "./Protection";

const themeNames = {
	system: "settings.themeSystem",
	light: "settings.themeLight",
	dark: "settings.themeDark",
	contrast: "settings.themeContrast",
} as const satisfies Record<Theme, string>;

export function SettingsDialog({ onClose }: { onClose: () => void }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { preferences, prefer } = useSession();
	const percent = new Intl.NumberFormat(locale, { style: "percent" });
	return (
		<Dialog title={t("settings.title")} closeLabel={t("app.close")} onClose={onClose}>
			<NameForm />
			<DevicesEntry />
			<Choices
				label={t("settings.language")}
				options={Object.entries(languages).map(([value, { name }]) => ({
					value: value as Language,
					label: name,
					lang: value,
				}))}
				value={preferences.language}
				onChange={(language) => prefer({ language })}
			/>
			<Choices
				label={t("settings.theme")}
				options={themes.map((value) => ({ value, label: t(themeNames[value]) }))}
				value={preferences.theme}
				onChange={(theme) => prefer({ theme })}
			/>
			<Choices
				label={t("settings.textSize")}
				options={textSizes.map((size) => ({ value: String(size), label: percent.format(size / 100) }))}
				value={String(preferences.textSize)}
				onChange={(size) => prefer({ textSize: Number(size) as TextSize })}
			/>
			<p className={styles.note}>{t("settings.kept")}</p>
			<Protection />
		</Dialog>
	);
}

/** Leads to the devices of this person, which are more than fits here. */
function DevicesEntry() {
	const { t } = useTranslation();
	const { openDialog } = useSession();
	return (
		<section className={styles.protection} aria-labelledby="my-devices">
			<h3 id="my-devices" className={styles.subhead}>
				{t("devices.title")}
			</h3>
			<p>{t("devices.settings")}</p>
			<div className={styles.buttons}>
				<Button icon={MonitorSmartphone} onPress={() => openDialog("devices")}>
					{t("devices.title")}
				</Button>
			</div>
		</section>
	);
}

function NameForm() {
	const { t } = useTranslation();
	const { bridge, you, setYou, refresh, notices } = useSession();
	const [name, setName] = useState(you.name);
	const [problem, setProblem] = useState<string>();
	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		const wrong = checkName(name);
		if (wrong !== undefined) {
			setProblem(wrong === "missing" ? t("first.nameMissing") : t("first.nameTooLong"));
			toField(form);
			return;
		}
		try {
			const person = { ...you, name: name.trim() };
			await bridge.api.SetPerson(person);
			setYou(person);
			refresh();
			notify(notices, { kind: "good", text: t("settings.nameSaved") });
		} catch (reason) {
			setProblem(errorWords(reason, t));
			toField(form);
		}
	};
	return (
		<form className={styles.nameForm} onSubmit={submit} noValidate>
			<TextField
				label={t("settings.name")}
				value={name}
				onChange={(value) => {
					setName(value);
					setProblem(undefined);
				}}
				error={problem}
				autoComplete="name"
			/>
			<Button type="submit" isDisabled={name.trim() === you.name}>
				{t("settings.saveName")}
			</Button>
		</form>
	);
}
