import type { LeftOut } from "../../bridge";
import { useLocale, useTranslation } from "../../i18n";
import styles from "./paper.module.css";
import { leftWords } from "./paperWords";

/** What was not kept, a line for each. */
export function Left({ left }: { left: readonly LeftOut[] }) {
	const { t } = useTranslation();
	const locale = useLocale();
	return (
		<>
			<p>{t("paper.notKept")}</p>
			<ul className={styles.left}>
				{leftWords(left, t, locale).map((sentence) => (
					<li key={sentence}>{sentence}</li>
				))}
			</ul>
		</>
	);
}
