import { MonitorSmartphone } from "lucide-react";
import { type Language, languages, useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Choices } from "../../ui/Field";
import { type TextSize, type Theme, textSizes, themes } from "../../ui/theme";
import { useSession } from "../session";
import styles from "./dialogs.module.css";
import { PersonForm } from "./PersonForm";
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
			<PersonForm />
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
