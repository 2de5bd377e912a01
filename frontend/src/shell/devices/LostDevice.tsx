import { useState } from "react";
import type { MyDevice } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import { notify } from "../../ui/Toasts";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { useSession } from "../session";
import styles from "./devices.module.css";
import { deviceName } from "./names";
import { StepIntro } from "./StepIntro";

/** Says what taking a device out does and what it cannot do, and does it. */
export function LostDevice({ device, back }: { device: MyDevice; back: () => void }) {
	const { t } = useTranslation();
	const { bridge, notices, refresh } = useSession();
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const name = deviceName(device, t);
	const take = async () => {
		if (busy) return;
		setBusy(true);
		try {
			const { sheetEnded } = await bridge.api.RevokeDevice(device.device);
			refresh();
			notify(notices, { kind: "good", text: t("devices.lostDone", { device: name }) });
			if (sheetEnded) notify(notices, { kind: "problem", text: t("devices.sheetEnded") });
			back();
		} catch (reason) {
			setProblem(errorWords(reason, t));
			setBusy(false);
		}
	};
	return (
		<>
			<StepIntro>{t("devices.lostIntro", { device: name })}</StepIntro>
			<div className={styles.explained}>
				<h3>{t("devices.lostDoes")}</h3>
				<ul>
					<li>{t("devices.lostDoesRead")}</li>
					<li>{t("devices.lostDoesKeys")}</li>
				</ul>
				<h3>{t("devices.lostNot")}</h3>
				<ul>
					<li>{t("devices.lostNotCopy")}</li>
					<li>{t("devices.lostNotWritten")}</li>
					<li>{t("devices.lostNotAtOnce")}</li>
				</ul>
			</div>
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button onPress={back}>{t("app.cancel")}</Button>
				<Button look="danger" onPress={take} isPending={busy}>
					{t("devices.lostConfirm")}
				</Button>
			</DialogActions>
		</>
	);
}
