import { useState } from "react";
import type { Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import { notify } from "../../ui/Toasts";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { useSession } from "../session";
import { Effects } from "./Effects";
import styles from "./person.module.css";
import { isolated } from "./personWords";
import { StepHeading } from "./StepHeading";

interface LeaveStepProps {
	space: Space;
	onCancel: () => void;
	onDone: () => void;
}

/** Says what leaving means, and does it. */
export function LeaveStep({ space, onCancel, onDone }: LeaveStepProps) {
	const { t } = useTranslation();
	const { bridge, notices, refresh, go } = useSession();
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const others = space.members.length > 1;
	const last = space.role === "facilitator" && space.facilitators === 1 && others;
	const leave = async () => {
		if (busy) return;
		setBusy(true);
		try {
			await bridge.api.LeaveSpace(space.id);
			notify(notices, { kind: "good", text: t("leave.done", { space: isolated(space.name) }) });
			refresh();
			onDone();
			go({ space: space.id });
		} catch (reason) {
			setProblem(errorWords(reason, t));
			setBusy(false);
		}
	};
	return (
		<div className={styles.step}>
			<StepHeading>{t("leave.title", { space: isolated(space.name) })}</StepHeading>
			{last && <p className={styles.warn}>{t("leave.lastFacilitator")}</p>}
			<Effects
				doesTitle={t("leave.does")}
				does={[t("leave.nothingNew"), t("leave.nothingSent"), t("leave.seen")]}
				doesNotTitle={t("leave.doesNot")}
				doesNot={[t("leave.keepsCopy"), t("leave.staysWritten"), t("leave.back")]}
			/>
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button onPress={onCancel}>{t("app.cancel")}</Button>
				<Button look="danger" isPending={busy} onPress={leave}>
					{t("leave.leave")}
				</Button>
			</DialogActions>
		</div>
	);
}
