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

interface UseLinkFormProps {
	bridge: Bridge;
	/** From a link that was opened, or empty. */
	code: string;
	back: () => void;
	/** The device is one of the person's now. */
	onLinked: (linked: Linked) => void;
}

/** On the new device: takes the code, or its words, and a name for the device. */
export function UseLinkForm({ bridge, code: handed, back, onLinked }: UseLinkFormProps) {
	const { t } = useTranslation();
	const [code, setCode] = useState(handed);
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
		if (code.trim() === "") {
			setMissing(true);
			toField(form);
			return;
		}
		setProblem(undefined);
		setBusy(true);
		try {
			onLinked(await bridge.api.UseLink(code.trim(), label.trim()));
		} catch (reason) {
			setProblem(await explain(reason, code, "link"));
			setBusy(false);
			toField(form);
		}
	};

	return (
		<form className={styles.form} onSubmit={submit} noValidate aria-busy={busy}>
			<TextField
				label={t("devices.useLabel")}
				description={t("devices.useHint")}
				lines={4}
				value={code}
				onChange={(value) => {
					setCode(value);
					setMissing(false);
				}}
				error={missing ? t("devices.useMissing") : undefined}
				isReadOnly={busy}
				onKeyDown={(event) => {
					if (event.key !== "Enter") return event.continuePropagation();
					event.preventDefault();
					if (event.target instanceof HTMLTextAreaElement) event.target.form?.requestSubmit();
				}}
				autoComplete="off"
				autoFocus={handed === ""}
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
				autoFocus={handed !== ""}
			/>
			{busy && <Progress title={t("devices.useBusy")}>{t("devices.useBusyHint")}</Progress>}
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button onPress={back}>{t("devices.back")}</Button>
				<Button type="submit" look="primary" isPending={busy}>
					{t("devices.use")}
				</Button>
			</DialogActions>
		</form>
	);
}
