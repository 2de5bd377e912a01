import { useState } from "react";
import type { Invitation, Role, Space } from "../../bridge";
import { type TFunction, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import { Picker, SwitchField } from "../../ui/Field";
import styles from "../dialogs/dialogs.module.css";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { RolePicker } from "../RolePicker";
import { useSession } from "../session";

const uses = ["1", "5", "20", "100"] as const;
const hours = ["24", "168", "720", "0"] as const;

/** What most groups need: everyone of one meeting joins within a week, and writes. */
const usual = { role: "editor", uses: "20", hours: "168" } as const;

interface MakeInvitationProps {
	space: Space;
	onMade: (invitation: Invitation) => void;
}

export function MakeInvitation({ space, onMade }: MakeInvitationProps) {
	const { t } = useTranslation();
	const { bridge } = useSession();
	const [role, setRole] = useState<Role>(usual.role);
	const [count, setCount] = useState<(typeof uses)[number]>(usual.uses);
	const [ends, setEnds] = useState<(typeof hours)[number]>(usual.hours);
	const [ask, setAsk] = useState(false);
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const make = async () => {
		if (busy) return;
		setBusy(true);
		try {
			onMade(await bridge.api.Invite(space.id, { role, uses: Number(count), hours: Number(ends), ask }));
		} catch (reason) {
			setProblem(errorWords(reason, t));
			setBusy(false);
		}
	};
	return (
		<>
			<p className={styles.intro}>{t("invite.intro")}</p>
			<div className={styles.row}>
				<RolePicker role={role} onChange={setRole} />
				<Picker
					label={t("invite.uses")}
					options={uses.map((value) => ({ value, label: t("invite.usesCount", { count: Number(value) }) }))}
					value={count}
					onChange={setCount}
				/>
				<Picker
					label={t("invite.ends")}
					options={hours.map((value) => ({ value, label: duration(Number(value), t) }))}
					value={ends}
					onChange={setEnds}
				/>
			</div>
			<p className={styles.note}>{t(`roleHint.${role}`)}</p>
			<SwitchField
				label={t("invite.ask")}
				description={t("invite.askHint")}
				selected={ask}
				onChange={setAsk}
			/>
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button look="primary" isPending={busy} onPress={make}>
					{t("invite.make")}
				</Button>
			</DialogActions>
		</>
	);
}

function duration(inHours: number, t: TFunction): string {
	if (inHours === 0) return t("invite.never");
	return t("invite.days", { count: inHours / 24 });
}
