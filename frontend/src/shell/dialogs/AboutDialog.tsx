import { useTranslation } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { Mark } from "../../ui/Drawing";
import { useSession } from "../session";
import styles from "./dialogs.module.css";

export function AboutDialog({ onClose }: { onClose: () => void }) {
	const { t } = useTranslation();
	const { welcome } = useSession();
	return (
		<Dialog title={t("about.title")} closeLabel={t("app.close")} onClose={onClose}>
			<div className={styles.about}>
				<Mark size="3.5rem" />
				<p>{t("about.what")}</p>
			</div>
			<p>{t("about.private")}</p>
			<dl className={styles.facts}>
				<dt>{t("about.version")}</dt>
				<dd>{welcome.version}</dd>
				<dt>{t("about.data")}</dt>
				<dd className={styles.mono} dir="ltr">
					{welcome.data}
				</dd>
				<dt>{t("about.device")}</dt>
				<dd className={styles.mono} dir="ltr">
					{welcome.device}
				</dd>
			</dl>
			<p className={styles.note}>{t("about.font")}</p>
		</Dialog>
	);
}
