import { useTranslation } from "../../i18n";
import styles from "./stick.module.css";

/** What a file would do that is held over the window. */
export function DropHint() {
	const { t } = useTranslation();
	return (
		<div className={styles.over} aria-hidden>
			<p>{t("carry.drop")}</p>
		</div>
	);
}
