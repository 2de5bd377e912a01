import { useState } from "react";
import type { Role, Room, Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import { Picker } from "../../ui/Field";
import styles from "../dialogs/dialogs.module.css";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { RolePicker } from "../RolePicker";
import { useSession } from "../session";

const minutes = ["15", "30", "60", "120"] as const;

interface OpenFormProps {
	space: Space;
	/** Why the words before have ended, where some have. */
	ended: Room["ended"];
	onOpened: () => void;
}

/** As what people come in by the words, and for how long the words let them. */
export function OpenForm({ space, ended, onOpened }: OpenFormProps) {
	const { t } = useTranslation();
	const { bridge } = useSession();
	const [role, setRole] = useState<Role>("editor");
	const [lasts, setLasts] = useState<(typeof minutes)[number]>("30");
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const open = async () => {
		if (busy) return;
		setBusy(true);
		try {
			await bridge.api.OpenRoom(space.id, role, Number(lasts));
			onOpened();
		} catch (reason) {
			setProblem(errorWords(reason, t));
			setBusy(false);
		}
	};
	return (
		<>
			{(ended === "guessed" || ended === "expired") && (
				<p role="status" className={styles.problem}>
					{t(`room.ended.${ended}`)}
				</p>
			)}
			<p className={styles.intro}>{t("room.intro")}</p>
			<div className={styles.row}>
				<RolePicker role={role} onChange={setRole} />
				<Picker
					label={t("room.lasts")}
					options={minutes.map((value) => ({ value, label: t("room.minutes", { count: Number(value) }) }))}
					value={lasts}
					onChange={setLasts}
				/>
			</div>
			<p className={styles.note}>{t("room.safe")}</p>
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button look="primary" isPending={busy} onPress={open}>
					{t("room.showWords")}
				</Button>
			</DialogActions>
		</>
	);
}
