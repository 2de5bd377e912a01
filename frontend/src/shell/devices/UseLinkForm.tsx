import type { Bridge, Linked } from "../../bridge";
import { useTranslation } from "../../i18n";
import { KeyForm } from "./KeyForm";

interface UseLinkFormProps {
	bridge: Bridge;
	/** From a link that was opened, or empty. */
	code: string;
	back: () => void;
	/** The device is one of the person's now. */
	onLinked: (linked: Linked) => void;
}

/** Takes the code that another of the person's devices shows, or its words. */
export function UseLinkForm({ bridge, code, back, onLinked }: UseLinkFormProps) {
	const { t } = useTranslation();
	return (
		<KeyForm
			bridge={bridge}
			use="link"
			says={{
				label: t("devices.useLabel"),
				hint: t("devices.useHint"),
				missing: t("devices.useMissing"),
				busy: t("devices.useBusy"),
				busyHint: t("devices.useBusyHint"),
				action: t("devices.use"),
			}}
			handed={code}
			submit={(words, label) => bridge.api.UseLink(words, label)}
			back={back}
			onDone={onLinked}
		/>
	);
}
