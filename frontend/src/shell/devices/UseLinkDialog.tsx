import { useTranslation } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { notify } from "../../ui/Toasts";
import type { DialogProps } from "../session";
import { useSession } from "../session";
import styles from "./devices.module.css";
import { UseLinkForm } from "./UseLinkForm";

/** On a device that is in use already: makes it one of whoever made the code. The subject is a code, or nothing. */
export function UseLinkDialog({ subject = "", onClose }: DialogProps) {
	const { t } = useTranslation();
	const { bridge, setYou, refresh, notices } = useSession();
	return (
		<Dialog title={t("devices.useTitle")} closeLabel={t("app.close")} onClose={onClose}>
			<p className={styles.intro}>{t("devices.useIntro")}</p>
			<p>{t("devices.useInUse")}</p>
			<UseLinkForm
				bridge={bridge}
				code={subject}
				back={onClose}
				onLinked={({ person, spaces }) => {
					setYou(person);
					refresh();
					notify(notices, { kind: "good", text: t("devices.useDone", { count: spaces.length }) });
					onClose();
				}}
			/>
		</Dialog>
	);
}
