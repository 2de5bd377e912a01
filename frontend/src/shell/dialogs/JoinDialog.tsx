import { type FormEvent, useEffect, useRef, useState } from "react";
import { toParleyError } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import { errorWords } from "../errorWords";
import { type DialogProps, useSession } from "../session";
import { toField } from "../toField";
import styles from "./dialogs.module.css";
import { Problem, Progress } from "./Feedback";

/** The subject is a code from a link or a file that was opened, or nothing. */
export function JoinDialog({ subject = "", onClose }: DialogProps) {
	const { t } = useTranslation();
	const { bridge, go, refresh, notices } = useSession();
	const [code, setCode] = useState(subject);
	const [missing, setMissing] = useState(false);
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const gone = useRef(false);
	// A join goes on after its dialog was closed; it must not take the person away from what they do then.
	useEffect(() => {
		gone.current = false;
		return () => {
			gone.current = true;
		};
	}, []);

	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		if (code.trim() === "") {
			setMissing(true);
			toField(form);
			return;
		}
		setProblem(undefined);
		setBusy(true);
		try {
			const space = await bridge.api.Join(code.trim());
			refresh();
			notify(notices, { kind: "good", text: t("join.done", { space: space.name }) });
			if (gone.current) return;
			go({ space: space.id });
			onClose();
		} catch (reason) {
			const words = errorWords(reason, t);
			if (toParleyError(reason).code === "waiting") {
				refresh();
				notify(notices, { kind: "good", text: words });
				if (!gone.current) onClose();
				return;
			}
			if (gone.current) notify(notices, { kind: "problem", text: words });
			setProblem(words);
			toField(form);
			setBusy(false);
		}
	};

	return (
		<Dialog title={t("join.title")} closeLabel={t("app.close")} onClose={onClose}>
			<form className={styles.form} onSubmit={submit} noValidate>
				<TextField
					label={t("join.code")}
					description={t("join.intro")}
					lines={5}
					value={code}
					onChange={(value) => {
						setCode(value);
						setMissing(false);
					}}
					error={missing ? t("join.missing") : undefined}
					isReadOnly={busy}
					// A code has no lines of its own: Enter joins.
					onKeyDown={(event) => {
						if (event.key !== "Enter") return event.continuePropagation();
						event.preventDefault();
						if (event.target instanceof HTMLTextAreaElement) event.target.form?.requestSubmit();
					}}
					autoComplete="off"
					autoFocus
				/>
				{busy && <Progress title={t("join.joining")}>{t("join.joiningHint")}</Progress>}
				{problem && <Problem>{problem}</Problem>}
				<DialogActions>
					<Button onPress={onClose}>{t("app.cancel")}</Button>
					<Button type="submit" look="primary" isPending={busy}>
						{t("join.join")}
					</Button>
				</DialogActions>
			</form>
		</Dialog>
	);
}
