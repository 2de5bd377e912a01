import { FileUp } from "lucide-react";
import { useState } from "react";
import { FileTrigger } from "react-aria-components";
import type { Carried } from "../../bridge";
import { useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import styles from "../dialogs/dialogs.module.css";
import { Problem, Progress } from "../dialogs/Feedback";
import { isolated } from "../people/personWords";
import { type DialogProps, useSession } from "../session";
import { FILE_ENDING, nameOfHanded, useCarriage } from "./carriage";
import { carriedWords, percent } from "./carryWords";
import { problemWords } from "./problemWords";

/**
 * Takes in a file by which a space was carried here. `subject` is one that was opened outside, `file` one that was
 * dropped on the window; nothing comes of either before somebody has said so.
 */
export function TakeInDialog({ subject, file, onClose }: DialogProps) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge, go, refresh } = useSession();
	const [chosen, setChosen] = useState(file);
	const [problem, setProblem] = useState<string>();
	const [carried, setCarried] = useState<Carried>();
	const { busy, share, run, stop } = useCarriage();
	const handed = chosen === undefined ? subject : undefined;
	const name = chosen?.name ?? (handed && nameOfHanded(handed));
	const takeIn = async () => {
		if (busy) return;
		setProblem(undefined);
		try {
			setCarried(await run({ handed, file: chosen }, (carriage) => bridge.api.CarryIn(carriage)));
		} catch (reason) {
			setProblem(problemWords(reason, t, "in"));
		}
		refresh();
	};
	if (carried) {
		return (
			<Dialog title={t("carry.takenIn")} closeLabel={t("app.close")} onClose={onClose}>
				<div className={styles.form}>
					<div role="status" className={styles.form}>
						{carriedWords(carried, t, locale).map((sentence) => (
							<p key={sentence}>{sentence}</p>
						))}
					</div>
					<DialogActions>
						<Button onPress={onClose}>{t("app.close")}</Button>
						<Button
							look="primary"
							autoFocus
							onPress={() => {
								go({ space: carried.space });
								onClose();
							}}
						>
							{t("carry.goThere", { space: isolated(carried.name) })}
						</Button>
					</DialogActions>
				</div>
			</Dialog>
		);
	}
	return (
		<Dialog title={t("carry.takeIn")} closeLabel={t("app.close")} onClose={onClose}>
			<div className={styles.form}>
				<p>{name === undefined ? t("carry.takeInHint") : t("carry.ask", { file: isolated(name) })}</p>
				<div>
					<FileTrigger
						acceptedFileTypes={[FILE_ENDING]}
						onSelect={(files) => {
							setChosen(files?.[0]);
							setProblem(undefined);
						}}
					>
						<Button icon={FileUp} isDisabled={busy} autoFocus={name === undefined}>
							{name === undefined ? t("carry.choose") : t("carry.chooseOther")}
						</Button>
					</FileTrigger>
				</div>
				{busy && (
					<Progress title={t("carry.taking")}>{share !== undefined && percent(share, locale)}</Progress>
				)}
				{problem && <Problem>{problem}</Problem>}
				<DialogActions>
					<Button onPress={busy ? stop : onClose}>{busy ? t("carry.stop") : t("app.cancel")}</Button>
					<Button
						look="primary"
						isPending={busy}
						isDisabled={name === undefined}
						autoFocus={name !== undefined}
						onPress={takeIn}
					>
						{t("carry.takeInNow")}
					</Button>
				</DialogActions>
			</div>
		</Dialog>
	);
}
