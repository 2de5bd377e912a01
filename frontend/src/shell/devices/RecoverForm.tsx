import { useState } from "react";
import type { Bridge, Linked } from "../../bridge";
import { useTranslation } from "../../i18n";
import { TextField } from "../../ui/Field";
import { KeyForm } from "./KeyForm";

interface RecoverFormProps {
	bridge: Bridge;
	back: () => void;
	onRecovered: (linked: Linked) => void;
}

/** Takes the words of a recovery sheet, and where somebody can be found who knows the person. */
export function RecoverForm({ bridge, back, onRecovered }: RecoverFormProps) {
	const { t } = useTranslation();
	const [address, setAddress] = useState("");
	return (
		<KeyForm
			bridge={bridge}
			use="sheet"
			says={{
				label: t("recover.words"),
				hint: t("recover.wordsHint"),
				missing: t("recover.missing"),
				busy: t("recover.busy"),
				busyHint: t("recover.busyHint"),
				action: t("recover.submit"),
			}}
			submit={(words, label) => bridge.api.Recover(words, address.trim(), label)}
			back={back}
			onDone={onRecovered}
		>
			{(busy) => (
				<TextField
					label={t("recover.address")}
					description={t("recover.addressHint")}
					value={address}
					onChange={setAddress}
					isReadOnly={busy}
					autoComplete="off"
				/>
			)}
		</KeyForm>
	);
}
