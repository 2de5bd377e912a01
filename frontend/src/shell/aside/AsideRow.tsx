import { FileText } from "lucide-react";
import type { Quarantined } from "../../bridge";
import { useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { isolated } from "../people/personWords";
import styles from "./aside.module.css";
import { authorWords, reasonWords, spanWords } from "./asideWords";
import { Excerpt } from "./Excerpt";

interface AsideRowProps {
	item: Quarantined;
	/** Undefined where this person or nobody can let it in. */
	admit: (() => void) | undefined;
}

export function AsideRow({ item, admit }: AsideRowProps) {
	const { t } = useTranslation();
	const locale = useLocale();
	const title = item.title || t("aside.unknownDocument");
	return (
		<li className={styles.item}>
			<div className={styles.head}>
				<div className={styles.about}>
					<bdi className={styles.author}>{authorWords(item, t)}</bdi>
					<span className={styles.where}>
						<FileText aria-hidden />
						<bdi>{title}</bdi>
						{item.part === "annotations" && <> · {t("aside.annotations")}</>}
					</span>
					<span className={styles.note}>
						{t("aside.changes", { count: item.changes })} · {spanWords(item, locale, t)}
					</span>
				</div>
				{admit && (
					<Button
						aria-label={t("aside.letInOf", { name: isolated(authorWords(item, t)), title: isolated(title) })}
						onPress={admit}
					>
						{t("aside.letIn")}
					</Button>
				)}
			</div>
			<p>{reasonWords(item, t)}</p>
			<Excerpt item={item} />
		</li>
	);
}
