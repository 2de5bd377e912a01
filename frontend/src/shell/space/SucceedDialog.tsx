import { type FormEvent, useState } from "react";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import styles from "../dialogs/dialogs.module.css";
import { Problem, Progress } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { checkName, nameAfter } from "../names";
import { isolated } from "../people/personWords";
import { type DialogProps, useSession } from "../session";
import { toField } from "../toField";
import { useProgress } from "./useProgress";

/** Goes on in a new space where nobody looks after the present one any more. */
export function SucceedDialog({ onClose }: DialogProps) {
	const { t } = useTranslation();
	const { bridge, space, go, refresh, notices } = useSession();
	const [name, setName] = useState(() =>
		nameAfter(space?.name ?? "", (old) => t("succeed.newName", { space: old })),
	);
	const [problem, setProblem] = useState<string>();
	const [failed, setFailed] = useState<string>();
	const [busy, setBusy] = useState(false);
	const progress = useProgress(space?.id ?? "", busy);
	if (space === undefined) return null;
	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		const wrong = checkName(name);
		if (wrong !== undefined) {
			setProblem(wrong === "missing" ? t("space.nameMissing") : t("space.nameTooLong"));
			return toField(form);
		}
		setBusy(true);
		setFailed(undefined);
		try {
			const successor = await bridge.api.Succeed(space.id, name.trim());
			refresh();
			notify(notices, { kind: "good", text: t("succeed.done", { space: isolated(successor.name) }) });
			go({ space: successor.id });
			onClose();
		} catch (reason) {
			setFailed(errorWords(reason, t));
			setBusy(false);
		}
	};
	return (
		<Dialog title={t("succeed.goOn")} closeLabel={t("app.close")} onClose={onClose}>
			<form className={styles.form} onSubmit={submit} noValidate>
				<p>{t("succeed.means")}</p>
				<TextField
					label={t("succeed.name")}
					value={name}
					onChange={(value) => {
						setName(value);
						setProblem(undefined);
					}}
					error={problem}
					isReadOnly={busy}
					autoComplete="off"
					autoFocus
				/>
				{busy && (
					<Progress title={t("succeed.working")}>
						{progress && t("thisSpace.progress", { done: progress.done, count: progress.of })}
					</Progress>
				)}
				{failed && <Problem>{failed}</Problem>}
				<DialogActions>
					<Button onPress={onClose}>{t("app.cancel")}</Button>
					<Button type="submit" look="primary" isPending={busy}>
						{t("succeed.found")}
					</Button>
				</DialogActions>
			</form>
		</Dialog>
	);
}
