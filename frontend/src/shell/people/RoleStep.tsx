import { useState } from "react";
import type { Role } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import { ChoiceList } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import dialogs from "../dialogs/dialogs.module.css";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { roles } from "../rights";
import { useSession } from "../session";
import type { PersonStepProps } from "./PersonDialog";
import styles from "./person.module.css";
import { isolated } from "./personWords";
import { StepHeading } from "./StepHeading";

/** Chooses what a person may do here, each role with what it means. */
export function RoleStep({ space, member, go }: PersonStepProps) {
	const { t } = useTranslation();
	const { bridge, notices, refresh } = useSession();
	const [role, setRole] = useState<Role>(member.role);
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const last = member.role === "facilitator" && space.facilitators === 1;
	const save = async () => {
		if (busy) return;
		if (role === member.role) return go("overview");
		if (last) return setProblem(t("person.lastFacilitator"));
		setBusy(true);
		try {
			await bridge.api.SetRole(space.id, member.device, role);
			refresh();
			const name = isolated(member.name);
			notify(notices, {
				kind: "good",
				text: t("person.roleChanged", { name, role: t(`role.${role}`) }),
			});
			go("overview");
		} catch (reason) {
			setProblem(errorWords(reason, t));
			setBusy(false);
		}
	};
	return (
		<div className={styles.step}>
			<StepHeading>{t("person.roleOf", { name: isolated(member.name) })}</StepHeading>
			<ChoiceList
				label={t("person.mayDo")}
				options={roles.map((value) => ({
					value,
					label: t(`role.${value}`),
					description: t(`roleHint.${value}`),
				}))}
				value={role}
				onChange={(value) => {
					setRole(value);
					setProblem(undefined);
				}}
			/>
			<p className={dialogs.note}>{t("person.roleHint")}</p>
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button onPress={() => go("overview")}>{t("app.cancel")}</Button>
				<Button look="primary" isPending={busy} onPress={save}>
					{t("person.saveRole")}
				</Button>
			</DialogActions>
		</div>
	);
}
