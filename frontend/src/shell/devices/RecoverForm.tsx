import { type FormEvent, useState } from "react";
import type { Bridge, Linked } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { Problem, Progress } from "../dialogs/Feedback";
import { toField } from "../toField";
import styles from "./devices.module.css";
import { LONGEST_LABEL } from "./names";
import { useWordsProblem } from "./useWordsProblem";

interface RecoverFormProps {
	bridge: Bridge;
	back: () => void;
	onRecovered: (linked: Linked) => void;
}

/** Takes the words of a recovery sheet, and where somebody can be found who knows the person. */
export function RecoverForm({ bridge, back, onRecovered }: RecoverFormProps) {
	const { t } = useTranslation();
	const [words, setWords] = useState("");
	const [address, setAddress] = useState("");
	const [label, setLabel] = useState("");
	const [missing, setMissing] = useState(false);
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const explain = useWordsProblem(bridge);
	const long = [...label.trim()].length > LONGEST_LABEL;

	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy || long) return;
		if (words.trim() === "") {
			setMissing(true);
			toField(form);
			return;
		}
		setProblem(undefined);
		setBusy(true);
		try {
			onRecovered(await bridge.api.Recover(words.trim(), address.trim(), label.trim()));
		} catch (reason) {
			setProblem(await explain(reason, words, "sheet"));
			setBusy(false);
			toField(form);
		}
	};

	return (
		<form className={styles.form} onSubmit={submit} noValidate aria-busy={busy}>
			<TextField
				label={t("recover.words")}
				description={t("recover.wordsHint")}
				lines={4}
				value={words}
				onChange={(value) => {
					setWords(value);
					setMissing(false);
				}}
				error={missing ? t("recover.missing") : undefined}
				isReadOnly={busy}
				autoComplete="off"
				autoFocus
			/>
			<TextField
				label={t("recover.address")}
				description={t("recover.addressHint")}
				value={address}
				onChange={setAddress}
				isReadOnly={busy}
				autoComplete="off"
			/>
			<TextField
				label={t("devices.name")}
				description={t("devices.nameHint")}
				placeholder={t("devices.namePlaceholder")}
				value={label}
				onChange={setLabel}
				error={long ? t("devices.nameTooLong") : undefined}
				isReadOnly={busy}
				autoComplete="off"
			/>
			{busy && <Progress title={t("recover.busy")}>{t("recover.busyHint")}</Progress>}
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button onPress={back}>{t("devices.back")}</Button>
				<Button type="submit" look="primary" isPending={busy}>
					{t("recover.submit")}
				</Button>
			</DialogActions>
		</form>
	);
}
