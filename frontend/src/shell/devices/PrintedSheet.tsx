import type { RecoverySheet } from "../../bridge";
import { formatDate, formatList, useLocale, useTranslation } from "../../i18n";
import styles from "./PrintedSheet.module.css";
import { WordList } from "./WordList";

interface PrintedSheetProps {
	sheet: RecoverySheet;
	/** Whose it is. */
	name: string;
}

/** The sheet as it comes out of the printer. On the screen it is not there; on paper, nothing else is. */
export function PrintedSheet({ sheet, name }: PrintedSheetProps) {
	const { t } = useTranslation();
	const locale = useLocale();
	return (
		<section className={styles.page} aria-hidden>
			<h1>{t("recovery.sheetTitle")}</h1>
			<p>{t("recovery.sheetOf", { name, date: formatDate(new Date(sheet.made), locale) })}</p>
			<h2 id="printed-words">{t("recovery.words")}</h2>
			<WordList words={sheet.words} labelledBy="printed-words" />
			<h2>{t("recovery.sheetWhen")}</h2>
			<ol>
				<li>{t("recovery.sheetInstall")}</li>
				<li>{t("recovery.sheetChoose")}</li>
				<li>{t("recovery.sheetType")}</li>
				<li>{t("recovery.sheetTakeOut")}</li>
			</ol>
			<h2>{t("recovery.sheetKeep")}</h2>
			<p>{t("recovery.sheetSecret")}</p>
			<p>{t("recovery.sheetNewer")}</p>
			<p>{t("recovery.covers", { spaces: formatList(sheet.spaces, locale) })}</p>
		</section>
	);
}
