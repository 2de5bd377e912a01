import { useState } from "react";
import type { Former, Space } from "../../bridge";
import { useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Disclosure } from "../../ui/Disclosure";
import { notify } from "../../ui/Toasts";
import { errorWords } from "../errorWords";
import page from "../Page.module.css";
import { looksAfter } from "../rights";
import { useSession } from "../session";
import { PAGE } from "./MemberList";
import styles from "./people.module.css";
import { goneWords, isolated, standingWords } from "./personWords";

/** Who left or was removed; what they wrote stays, so their names do. */
export function FormerList({ space }: { space: Space }) {
	const { formers } = space;
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
							{looksAfter(space) && former.role === "facilitator" && !former.left && (
								<RemoveAgain space={space} former={former} />
							)}
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

/**
 * A facilitator who was removed can answer whoever did it, as though earlier, and take them along. Where another one
 * has said so too, that does not help them. Nobody loses anything by it, so it is not asked twice.
 */
function RemoveAgain({ space, former }: { space: Space; former: Former }) {
	const { t } = useTranslation();
	const { bridge, notices, refresh } = useSession();
	const [busy, setBusy] = useState(false);
	const name = isolated(former.name);
	const remove = async () => {
		setBusy(true);
		try {
			await bridge.api.RemoveMember(space.id, former.device);
			notify(notices, { kind: "good", text: t("people.removedAgain", { name }) });
			refresh();
		} catch (reason) {
			notify(notices, { kind: "problem", text: errorWords(reason, t) });
		}
		setBusy(false);
	};
	return (
		<Button className={styles.again} isPending={busy} onPress={remove}>
			{t("people.removeAgain", { name })}
		</Button>
	);
}
