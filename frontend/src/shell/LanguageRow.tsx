import { type Language, languages, useTranslation } from "../i18n";
import { Button } from "../ui/Button";
import styles from "./Standby.module.css";

/** The languages there are, each by its own name, for screens that come before the settings. */
export function LanguageRow({
	chosen,
	onChoose,
}: {
	chosen: Language;
	onChoose: (language: Language) => void;
}) {
	const { t } = useTranslation();
	return (
		<fieldset className={styles.language} aria-label={t("settings.language")}>
			{Object.entries(languages).map(([language, { name }]) => (
				<Button
					key={language}
					look="quiet"
					aria-pressed={language === chosen}
					onPress={() => onChoose(language as Language)}
				>
					<span lang={language}>{name}</span>
				</Button>
			))}
		</fieldset>
	);
}
