import { useState } from "react";
import type { Former } from "../../bridge";
import { useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Disclosure } from "../../ui/Disclosure";
import page from "../Page.module.css";
import { PAGE } from "./MemberList";
import styles from "./people.module.css";
import { goneWords, standingWords } from "./personWords";

/** Who left or was removed; what they wrote stays, so their names do. */
export function FormerList({ formers }: { formers: readonly Former[] }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const [shown, setShown] = useState(PAGE);
	return (
		<section className={`${page.sheet} ${styles.formers}`}>
			<Disclosure title={t("people.formers", { count: formers.length })} level={2}>
				<p className={styles.note}>{t("people.formersHint")}</p>
				<ul className={styles.plain}>
					{formers.slice(0, shown).map((former) => (
						<li key={former.device} className={styles.line}>
							<bdi className={styles.name}>{former.name}</bdi>
							{former.official && <span className={styles.official}>{standingWords(former, t)}</span>}
							<span className={styles.note}>{goneWords(former, t, locale)}</span>
						</li>
					))}
				</ul>
				{formers.length > shown && (
					<Button onPress={() => setShown(shown + PAGE)}>
						{t("people.showMore", { count: Math.min(PAGE, formers.length - shown) })}
					</Button>
				)}
			</Disclosure>
		</section>
	);
}
