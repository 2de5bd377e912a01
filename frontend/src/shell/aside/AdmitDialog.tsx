import { useState } from "react";
import type { Quarantined, Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { notify } from "../../ui/Toasts";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { isolated } from "../people/personWords";
import { useSession } from "../session";
import { authorWords } from "./asideWords";
import { Excerpt } from "./Excerpt";

interface AdmitDialogProps {
	space: Space;
	item: Quarantined;
	onDone: () => void;
	onClose: () => void;
}

/** Asks once more: what is let in becomes part of the document for everybody. */
export function AdmitDialog({ space, item, onDone, onClose }: AdmitDialogProps) {
	const { t } = useTranslation();
	const { bridge, notices } = useSession();
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const title = isolated(item.title || t("aside.unknownDocument"));
	const name = isolated(authorWords(item, t));
	const admit = async () => {
		if (busy) return;
		setBusy(true);
		try {
			await bridge.api.AdmitQuarantined(space.id, [item.id]);
			notify(notices, { kind: "good", text: t("aside.done", { title }) });
			onClose();
			// The row goes, and with it the button that led here.
			requestAnimationFrame(() => document.querySelector<HTMLElement>("main h1")?.focus());
			onDone();
		} catch (reason) {
			setProblem(errorWords(reason, t));
			setBusy(false);
			onDone();
		}
	};
	return (
		<Dialog title={t("aside.ask")} closeLabel={t("app.close")} onClose={onClose}>
			<p>{t("aside.means", { count: item.changes, name, title })}</p>
			<Excerpt item={item} />
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button onPress={onClose}>{t("aside.leave")}</Button>
				<Button look="primary" isPending={busy} onPress={admit}>
					{t("aside.letIn")}
				</Button>
			</DialogActions>
		</Dialog>
	);
}
