import type { Quarantined } from "../../bridge";
import { useTranslation } from "../../i18n";
import styles from "./aside.module.css";
import { effectWords } from "./asideWords";

/** What was set aside: how much it would do, and the beginning of what it would add. */
export function Excerpt({ item }: { item: Quarantined }) {
	const { t } = useTranslation();
	const effect = effectWords(item, t);
	return (
		<>
			{effect && <p className={styles.note}>{effect}</p>}
			{item.excerpt && (
				<blockquote className={styles.excerpt} dir="auto">
					{item.excerpt}
				</blockquote>
			)}
		</>
	);
}
