import { KeyRound, LockKeyhole } from "lucide-react";
import { type FormEvent, useState } from "react";
import { ParleyError } from "../bridge";
import { useTranslation } from "../i18n";
import { Button } from "../ui/Button";
import { Mark } from "../ui/Drawing";
import { SwitchField, TextField } from "../ui/Field";
import { Problem } from "./dialogs/Feedback";
import { errorWords } from "./errorWords";
import { LanguageRow } from "./LanguageRow";
import styles from "./Standby.module.css";
import type { Session } from "./session";
import { toField } from "./toField";
import { usePageTitle } from "./usePageTitle";

interface UnlockScreenProps extends Pick<Session, "bridge" | "preferences" | "prefer"> {
	/** What the device waits for. */
	lock: ParleyError;
}

/** The device is locked: asks for what opens it. What the window had open before waits behind it. */
export function UnlockScreen({ bridge, lock, preferences, prefer }: UnlockScreenProps) {
	const { t } = useTranslation();
	const byKeyring = lock.code === "keyring";
	const title = byKeyring ? t("lock.keyringTitle") : t("lock.title");
	usePageTitle(title);
	return (
		<main className={styles.page}>
			<div className={styles.card}>
				<Mark size="2.5rem" />
				<div>
					<h1 className={styles.title}>{title}</h1>
					<p className={styles.intro}>{byKeyring ? t("lock.keyring") : t("lock.intro")}</p>
				</div>
				{byKeyring ? <KeyringForm bridge={bridge} /> : <PassphraseForm bridge={bridge} />}
			</div>
			<LanguageRow chosen={preferences.language} onChoose={(language) => prefer({ language })} />
		</main>
	);
}

type FormProps = Pick<Session, "bridge">;

function PassphraseForm({ bridge }: FormProps) {
	const { t } = useTranslation();
	const [passphrase, setPassphrase] = useState("");
	const [shown, setShown] = useState(false);
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);

	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		setProblem(undefined);
		if (passphrase === "") {
			setProblem(t("lock.missing"));
			toField(form);
			return;
		}
		setBusy(true);
		try {
			await bridge.api.Unlock(passphrase);
		} catch (reason) {
			setProblem(errorWords(reason, t));
			setBusy(false);
			toField(form);
		}
	};

	return (
		<form className={styles.form} onSubmit={submit} noValidate aria-busy={busy}>
			<TextField
				label={t("lock.passphrase")}
				description={t("lock.hint")}
				type={shown ? "text" : "password"}
				value={passphrase}
				onChange={(value) => {
					setPassphrase(value);
					setProblem(undefined);
				}}
				error={problem}
				autoComplete="current-password"
				autoFocus
			/>
			<SwitchField label={t("lock.show")} selected={shown} onChange={setShown} />
			<Button type="submit" look="primary" icon={LockKeyhole}>
				{t("lock.unlock")}
			</Button>
			<Progress busy={busy}>{t("lock.unlocking")}</Progress>
		</form>
	);
}

function KeyringForm({ bridge }: FormProps) {
	const { t } = useTranslation();
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);

	const retry = async () => {
		if (busy) return;
		setProblem(undefined);
		setBusy(true);
		try {
			await bridge.api.Unlock("");
		} catch (reason) {
			setProblem(
				reason instanceof ParleyError && reason.code === "keyring"
					? t("lock.keyringStill")
					: errorWords(reason, t),
			);
			setBusy(false);
		}
	};

	return (
		<div className={styles.form} aria-busy={busy}>
			<Button look="primary" icon={KeyRound} onPress={retry} autoFocus>
				{t("app.retry")}
			</Button>
			{problem && <Problem>{problem}</Problem>}
			<Progress busy={busy}>{t("lock.asking")}</Progress>
		</div>
	);
}

/** Says what is under way, in words and, where motion is welcome, with a bar that moves. */
function Progress({ busy, children }: { busy: boolean; children: string }) {
	return (
		<p role="status" className={styles.progress} data-busy={busy}>
			{busy ? children : ""}
		</p>
	);
}
