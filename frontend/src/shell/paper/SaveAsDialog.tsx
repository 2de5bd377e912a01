import { FileDown } from "lucide-react";
import { useState } from "react";
import type { SavedDocument } from "../../bridge";
import { useLocale, useTranslation } from "../../i18n";
import { languages } from "../../i18n/languages";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Choices, Picker } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import styles from "../dialogs/dialogs.module.css";
import { Problem, Progress } from "../dialogs/Feedback";
import { useDocuments } from "../documents";
import { follow } from "../download";
import { isolated } from "../people/personWords";
import { type DialogProps, useSession } from "../session";
import { type Ending, WRITTEN } from "./formats";
import { Left } from "./Left";
import { saveProblem } from "./paperWords";

/** Saves the document that `subject` names as a file of another program, and says what the file lacks. */
export function SaveAsDialog({ subject = "", onClose }: DialogProps) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge, space, notices } = useSession();
	const { documents } = useDocuments();
	const [ending, setEnding] = useState<Ending>("docx");
	const [language, setLanguage] = useState(locale);
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();
	const [saved, setSaved] = useState<SavedDocument>();
	if (space === undefined) return null;
	const title = documents.find(({ id }) => id === subject)?.title || t("document.untitled");
	const where = ({ file }: SavedDocument) => (file === "" ? t("paper.saved") : t("paper.savedTo", { file }));
	const save = async () => {
		if (busy) return;
		setBusy(true);
		setProblem(undefined);
		try {
			const made = await bridge.api.SaveDocument(space.id, subject, ending, language);
			if (made.url !== "") follow(made.url);
			if (made.url === "" && made.file === "") return; // they have changed their mind
			if (made.left.length > 0) return setSaved(made);
			notify(notices, { kind: "good", text: where(made) });
			onClose();
		} catch (reason) {
			setProblem(saveProblem(reason, t, ending));
		} finally {
			setBusy(false);
		}
	};
	if (saved) {
		return (
			<Dialog title={t("paper.saveTitle")} closeLabel={t("app.close")} onClose={onClose}>
				<div className={styles.form}>
					<div role="status" className={styles.form}>
						<p>{where(saved)}</p>
						<Left left={saved.left} />
					</div>
					<DialogActions>
						<Button look="primary" autoFocus onPress={onClose}>
							{t("app.close")}
						</Button>
					</DialogActions>
				</div>
			</Dialog>
		);
	}
	const own = Object.keys(languages).map((tag) => (tag === locale.split("-")[0] ? locale : tag));
	return (
		<Dialog title={t("paper.saveTitle")} closeLabel={t("app.close")} onClose={onClose}>
			<div className={styles.form}>
				<p>{t("paper.saveHint", { title: isolated(title) })}</p>
				<Choices
					label={t("paper.format")}
					value={ending}
					onChange={setEnding}
					disabled={busy}
					options={WRITTEN.map((value) => ({ value, label: t(`paper.${value}`) }))}
				/>
				{ending !== "md" && ending !== "txt" && (
					<Picker
						label={t("paper.language")}
						value={language}
						onChange={setLanguage}
						options={[
							...own.map((value) => ({
								value,
								label: languages[value.split("-")[0] as keyof typeof languages].name,
							})),
							{ value: "", label: t("paper.languageNone") },
						]}
					/>
				)}
				{busy && <Progress title={t("paper.saving")} />}
				{problem && <Problem>{problem}</Problem>}
				<DialogActions>
					<Button onPress={onClose}>{t("app.cancel")}</Button>
					<Button look="primary" icon={FileDown} autoFocus isPending={busy} onPress={save}>
						{t("paper.save")}
					</Button>
				</DialogActions>
			</div>
		</Dialog>
	);
}
