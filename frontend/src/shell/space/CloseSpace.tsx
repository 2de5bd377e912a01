import { Archive, ArchiveRestore } from "lucide-react";
import { useState } from "react";
import type { Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { notify } from "../../ui/Toasts";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { useSession } from "../session";
import styles from "./space.module.css";

/** Closes the space for everybody's writing, or opens it again. */
export function CloseSpace({ space }: { space: Space }) {
	const { t } = useTranslation();
	const { bridge, notices, refresh } = useSession();
	const [asks, setAsks] = useState(false);
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const archive = async (archived: boolean) => {
		if (busy) return;
		setBusy(true);
		setProblem(undefined);
		try {
			await bridge.api.ArchiveSpace(space.id, archived);
			setAsks(false);
			notify(notices, {
				kind: "good",
				text: archived ? t("thisSpace.closed") : t("thisSpace.reopened"),
			});
			refresh();
		} catch (reason) {
			setProblem(errorWords(reason, t));
		}
		setBusy(false);
	};
	return (
		<section aria-labelledby="close" className={styles.setting}>
			<h2 id="close">{space.archived ? t("thisSpace.reopenTitle") : t("thisSpace.closeTitle")}</h2>
			<p>{space.archived ? t("thisSpace.reopenHint") : t("thisSpace.closeHint")}</p>
			{problem && !asks && <Problem>{problem}</Problem>}
			{/* One button, so that the focus stays on it when the space has been opened again. */}
			<Button
				icon={space.archived ? ArchiveRestore : Archive}
				isPending={busy && !asks}
				onPress={() => (space.archived ? archive(false) : setAsks(true))}
			>
				{space.archived ? t("thisSpace.reopen") : t("thisSpace.close")}
			</Button>
			{asks && (
				<Dialog title={t("thisSpace.closeAsk")} closeLabel={t("app.close")} onClose={() => setAsks(false)}>
					<p>{t("thisSpace.closeMeans")}</p>
					{problem && <Problem>{problem}</Problem>}
					<DialogActions>
						<Button onPress={() => setAsks(false)}>{t("app.cancel")}</Button>
						<Button look="primary" isPending={busy} onPress={() => archive(true)}>
							{t("thisSpace.close")}
						</Button>
					</DialogActions>
				</Dialog>
			)}
		</section>
	);
}
