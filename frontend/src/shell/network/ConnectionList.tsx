import { useEffect } from "react";
import { formatTime, useLocale, useTranslation } from "../../i18n";
import { Disclosure } from "../../ui/Disclosure";
import styles from "../dialogs/dialogs.module.css";
import { trigger, useLive } from "../live";
import { useSession } from "../session";
import { type Reached, trafficWords, wayWords } from "./connectionWords";

/** How often what goes to and fro is looked at, as nothing tells of it. */
const GLANCE = 2000;

/** Who is connected, how, and what goes to and fro. */
export function ConnectionList() {
	const { t } = useTranslation();
	const { bridge } = useSession();
	const { value, refresh } = useLive(bridge, "connections", () => bridge.api.Connections(), [
		trigger("network"),
		trigger("spaces"),
	]);
	// Bytes go by without an event.
	useEffect(() => {
		const timer = setInterval(refresh, GLANCE);
		return () => clearInterval(timer);
	}, [refresh]);
	if (value?.length === 0) return <p className={styles.note}>{t("network.noPeers")}</p>;
	return (
		<ul className={styles.list} aria-label={t("network.peers")}>
			{value?.map((connection) => (
				<Row key={connection.device} connection={connection} />
			))}
		</ul>
	);
}

function Row({ connection }: { connection: Reached }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const name = connection.name || t("network.peerUnknown");
	return (
		<li>
			<div className={styles.item}>
				<bdi className={styles.strong}>{name}</bdi>
				<span className={styles.note}>{wayWords(connection, t, locale)}</span>
				<span className={styles.note}>{trafficWords(connection, t, locale)}</span>
				<Disclosure title={t("network.details")} level={3}>
					<dl className={styles.details}>
						<dt>{t("network.device")}</dt>
						<dd className={styles.mono} dir="ltr">
							{connection.device}
						</dd>
						<dt>{t("network.address")}</dt>
						<dd className={styles.mono} dir="ltr">
							{connection.address}
						</dd>
						<dt>{t("network.connectedSince")}</dt>
						<dd>{formatTime(connection.since, locale)}</dd>
					</dl>
				</Disclosure>
			</div>
		</li>
	);
}
