import { useState } from "react";
import type { MyDevice } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import type { DialogProps } from "../session";
import { DeviceList } from "./DeviceList";
import { LinkDevice } from "./LinkDevice";
import { LostDevice } from "./LostDevice";
import { deviceName } from "./names";
import { RecoverySheet } from "./RecoverySheet";

/** What a person does with their devices, one thing at a time. */
export type Step =
	| { name: "list"; focus?: "link" | "sheet" | "list" }
	| { name: "link" }
	| { name: "sheet" }
	| { name: "lost"; device: MyDevice };

/** The subject after somebody came back with a recovery sheet. */
export const RECOVERED = "recovered";
/** The subject that begins with a new recovery sheet. */
export const SHEET = "sheet";
/** The subject that begins with a code for one more device. */
export const LINK = "link";

/** My devices: what they are, one more, one less, and what brings me back when all are gone. */
export function DevicesDialog({ subject, onClose }: DialogProps) {
	const { t } = useTranslation();
	const [step, go] = useState(() => firstStep(subject));
	return (
		<Dialog title={useTitle(step)} closeLabel={t("app.close")} onClose={onClose} wide>
			{step.name === "list" && <DeviceList recovered={subject === RECOVERED} focus={step.focus} go={go} />}
			{step.name === "link" && <LinkDevice back={() => go({ name: "list", focus: "link" })} />}
			{step.name === "sheet" && <RecoverySheet back={() => go({ name: "list", focus: "sheet" })} />}
			{step.name === "lost" && (
				<LostDevice device={step.device} back={() => go({ name: "list", focus: "list" })} />
			)}
		</Dialog>
	);
}

function firstStep(subject: string | undefined): Step {
	if (subject === SHEET) return { name: "sheet" };
	return subject === LINK ? { name: "link" } : { name: "list" };
}

function useTitle(step: Step): string {
	const { t } = useTranslation();
	switch (step.name) {
		case "list":
			return t("devices.title");
		case "link":
			return t("devices.link");
		case "sheet":
			return t("recovery.title");
		case "lost":
			return t("devices.lostTitle", { device: deviceName(step.device, t) });
	}
}
