import { useTranslation } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { CreateSpaceForm } from "../CreateSpaceForm";
import styles from "./dialogs.module.css";

export function CreateSpaceDialog({ onClose }: { onClose: () => void }) {
	const { t } = useTranslation();
	return (
		<Dialog title={t("space.createTitle")} closeLabel={t("app.close")} onClose={onClose}>
			<div className={styles.form}>
				<p className={styles.intro}>{t("space.createHint")}</p>
				<CreateSpaceForm autoFocus onDone={onClose} />
			</div>
		</Dialog>
	);
}
