import { useState } from "react";
import type { Invitation } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import { CheckField } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { isOver } from "../invite/invitationWords";
import { trigger, useLive } from "../live";
import { useSession } from "../session";
import { Effects } from "./Effects";
import type { PersonStepProps } from "./PersonDialog";
import styles from "./person.module.css";
import { isolated } from "./personWords";
import { StepHeading } from "./StepHeading";

/** Says what removing somebody does and does not undo, and does it. */
export function RemoveStep({ space, member, go, onDone }: PersonStepProps & { onDone: () => void }) {
	const { t } = useTranslation();
	const { bridge, notices, refresh } = useSession();
	const [withdraws, setWithdraws] = useState(true);
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const { value: invitations } = useLive(
		bridge,
		`invitations ${space.id}`,
		() => bridge.api.Invitations(space.id),
		[trigger("spaces")],
	);
	const open = (invitations ?? []).filter((invitation) => !isOver(invitation));
	const name = isolated(member.name);
	const remove = async () => {
		if (busy) return;
		setBusy(true);
		try {
			await bridge.api.RemoveMember(space.id, member.device);
		} catch (reason) {
			setProblem(errorWords(reason, t));
			setBusy(false);
			return;
		}
		notify(notices, { kind: "good", text: t("remove.done", { name }) });
		if (withdraws) await withdraw(open);
		refresh();
		onDone();
	};
	const withdraw = async (some: readonly Invitation[]) => {
		try {
			for (const { id } of some) await bridge.api.WithdrawInvitation(space.id, id);
		} catch (reason) {
			const text = t("remove.notWithdrawn", { reason: errorWords(reason, t) });
			notify(notices, { kind: "problem", text });
		}
	};
	return (
		<div className={styles.step}>
			<StepHeading>{t("remove.title", { name })}</StepHeading>
			<Effects
				doesTitle={t("remove.does")}
				does={[t("remove.nothingNew", { name }), t("remove.nothingCounts", { name }), t("remove.seen")]}
				doesNotTitle={t("remove.doesNot")}
				doesNot={[t("remove.keepsCopy", { name }), t("remove.staysWritten", { name }), t("remove.unseen")]}
			/>
			{member.role === "facilitator" && <p>{t("remove.facilitator", { name })}</p>}
			{open.length > 0 && (
				<CheckField
					label={t("remove.withdraw", { count: open.length })}
					description={t("remove.withdrawHint", { name })}
					selected={withdraws}
					onChange={setWithdraws}
				/>
			)}
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button onPress={() => go("overview")}>{t("app.cancel")}</Button>
				<Button look="danger" isPending={busy} onPress={remove}>
					{t("remove.remove", { name })}
				</Button>
			</DialogActions>
		</div>
	);
}
