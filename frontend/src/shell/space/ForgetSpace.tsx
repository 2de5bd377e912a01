import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { notify } from "../../ui/Toasts";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { isolated } from "../people/personWords";
import { useSession } from "../session";
import styles from "./space.module.css";

/** Deletes this computer's copy of a space that it is no longer in, after asking. */
export function ForgetSpace({ space }: { space: Space }) {
	const { t } = useTranslation();
	const { bridge, notices, refresh, go } = useSession();
	const [asks, setAsks] = useState(false);
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const forget = async () => {
		if (busy) return;
		setBusy(true);
		try {
			await bridge.api.ForgetSpace(space.id);
			notify(notices, { kind: "good", text: t("thisSpace.forgotten", { space: isolated(space.name) }) });
			setAsks(false);
			go({});
			refresh();
		} catch (reason) {
			setProblem(errorWords(reason, t));
			setBusy(false);
		}
	};
	return (
		<section aria-labelledby="forget" className={styles.setting}>
			<h2 id="forget">{t("thisSpace.forgetTitle")}</h2>
			<p>{t("thisSpace.forgetHint")}</p>
			<Button look="danger" icon={Trash2} onPress={() => setAsks(true)}>
				{t("thisSpace.forget")}
			</Button>
			{asks && (
				<Dialog
					title={t("thisSpace.forgetAsk", { space: space.name })}
					closeLabel={t("app.close")}
					onClose={() => setAsks(false)}
				>
					<p>{t("thisSpace.forgetMeans")}</p>
					{problem && <Problem>{problem}</Problem>}
					<DialogActions>
						<Button onPress={() => setAsks(false)}>{t("app.cancel")}</Button>
						<Button look="danger" isPending={busy} onPress={forget}>
							{t("thisSpace.forget")}
						</Button>
					</DialogActions>
				</Dialog>
			)}
		</section>
	);
}
