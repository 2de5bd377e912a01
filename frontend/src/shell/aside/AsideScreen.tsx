import { useState } from "react";
import type { Quarantined, Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Told } from "../../ui/Told";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import page from "../Page.module.css";
import { PageFrame } from "../PageFrame";
import { looksAfter } from "../rights";
import { useSession } from "../session";
import type { Panels } from "../Workspace";
import { AdmitDialog } from "./AdmitDialog";
import { AsideRow } from "./AsideRow";
import styles from "./aside.module.css";

/** What was written and not let in: by whom, where, when, why. A facilitator lets it in or leaves it. */
export function AsideScreen({ space, panels }: { space: Space; panels: Panels }) {
	const { t } = useTranslation();
	const { bridge } = useSession();
	const [asked, setAsked] = useState<Quarantined>();
	const { value, error, refresh } = useLive(
		bridge,
		`quarantine ${space.id}`,
		() => bridge.api.Quarantine(space.id),
		[trigger("spaces"), trigger("moved", (moved) => moved.space === space.id)],
	);
	const facilitator = looksAfter(space);
	const admissible = value?.filter((item) => item.admissible) ?? [];
	const others = value?.filter((item) => !item.admissible) ?? [];
	return (
		<PageFrame space={space} panels={panels} title={t("aside.title")} intro={t("aside.intro")}>
			{error && (
				<p className={page.quiet}>
					<Told text={errorWords(error, t)} />
				</p>
			)}
			{value?.length === 0 && <p className={`${page.sheet} ${page.quiet}`}>{t("aside.none")}</p>}
			{admissible.length > 0 && (
				<section aria-labelledby="admissible" className={`${page.sheet} ${styles.group}`}>
					<h2 id="admissible">{t("aside.admissible")}</h2>
					<p className={page.quiet}>{facilitator ? t("aside.choose") : t("aside.facilitatorChooses")}</p>
					<ul className={styles.list}>
						{admissible.map((item) => (
							<AsideRow key={item.id} item={item} admit={facilitator ? () => setAsked(item) : undefined} />
						))}
					</ul>
				</section>
			)}
			{others.length > 0 && (
				<section aria-labelledby="refused" className={`${page.sheet} ${styles.group}`}>
					<h2 id="refused">{t("aside.refused")}</h2>
					<p className={page.quiet}>{t("aside.refusedHint")}</p>
					<ul className={styles.list}>
						{others.map((item) => (
							<AsideRow key={item.id} item={item} admit={undefined} />
						))}
					</ul>
				</section>
			)}
			{asked && (
				<AdmitDialog space={space} item={asked} onDone={refresh} onClose={() => setAsked(undefined)} />
			)}
		</PageFrame>
	);
}
