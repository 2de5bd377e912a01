import { FileUp } from "lucide-react";
import { useState } from "react";
import { FileTrigger } from "react-aria-components";
import type { ImportedDocument } from "../../bridge";
import { useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { notify } from "../../ui/Toasts";
import styles from "../dialogs/dialogs.module.css";
import { Problem, Progress } from "../dialogs/Feedback";
import { isolated } from "../people/personWords";
import { type DialogProps, useSession } from "../session";
import { useCarriage } from "../stick/carriage";
import { percent } from "../stick/carryWords";
import { READ } from "./formats";
import { Left } from "./Left";
import { importProblem } from "./paperWords";

/** Makes a document of a file of another program, in the present space, and says what of the file it lacks. */
export function BringInDialog({ onClose }: DialogProps) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge, space, go, notices } = useSession();
	const [chosen, setChosen] = useState<File>();
	const [problem, setProblem] = useState<string>();
	const [imported, setImported] = useState<ImportedDocument>();
	const { busy, share, run, stop } = useCarriage();
	if (space === undefined) return null;
	const open = (document: string) => {
		go({ space: space.id, document });
		onClose();
	};
	const bringIn = async () => {
		if (busy || chosen === undefined) return;
		setProblem(undefined);
		try {
			const made = await run({ file: chosen }, (carriage) =>
				bridge.api.ImportDocument(carriage, space.id, chosen.name),
			);
			if (made.left.length > 0) return setImported(made);
			notify(notices, { kind: "good", text: t("paper.brought", { title: isolated(made.title) }) });
			open(made.document);
		} catch (reason) {
			setProblem(importProblem(reason, t));
		}
	};
	if (imported) {
		return (
			<Dialog title={t("paper.broughtTitle")} closeLabel={t("app.close")} onClose={onClose}>
				<div className={styles.form}>
					<div role="status" className={styles.form}>
						<p>{t("paper.brought", { title: isolated(imported.title) })}</p>
						<Left left={imported.left} />
					</div>
					<DialogActions>
						<Button onPress={onClose}>{t("app.close")}</Button>
						<Button look="primary" autoFocus onPress={() => open(imported.document)}>
							{t("paper.open")}
						</Button>
					</DialogActions>
				</div>
			</Dialog>
		);
	}
	return (
		<Dialog title={t("paper.bringInTitle")} closeLabel={t("app.close")} onClose={onClose}>
			<div className={styles.form}>
				<p>{chosen ? t("paper.chosen", { file: isolated(chosen.name) }) : t("paper.bringInHint")}</p>
				<div>
					<FileTrigger
						acceptedFileTypes={READ}
						onSelect={(files) => {
							setChosen(files?.[0]);
							setProblem(undefined);
						}}
					>
						<Button icon={FileUp} isDisabled={busy} autoFocus>
							{chosen ? t("paper.chooseOther") : t("paper.choose")}
						</Button>
					</FileTrigger>
				</div>
				{busy && (
					<Progress title={t("paper.bringing")}>
						{share !== undefined && share < 1 && percent(share, locale)}
					</Progress>
				)}
				{problem && <Problem>{problem}</Problem>}
				<DialogActions>
					<Button onPress={busy ? stop : onClose}>{busy ? t("paper.stop") : t("app.cancel")}</Button>
					<Button look="primary" isPending={busy} isDisabled={chosen === undefined} onPress={bringIn}>
						{t("paper.bringInNow")}
					</Button>
				</DialogActions>
			</div>
		</Dialog>
	);
}
