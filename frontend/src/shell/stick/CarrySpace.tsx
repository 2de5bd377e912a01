import { FileDown, FileUp, X } from "lucide-react";
import { useState } from "react";
import { FileTrigger } from "react-aria-components";
import type { Space } from "../../bridge";
import { useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { CheckField, Choices, Picker } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import { Problem, Progress } from "../dialogs/Feedback";
import { useDocuments } from "../documents";
import { follow } from "../download";
import { isolated } from "../people/personWords";
import { useSession } from "../session";
import styles from "../space/space.module.css";
import { FILE_ENDING, useCarriage } from "./carriage";
import { percent } from "./carryWords";
import { problemWords } from "./problemWords";
import own from "./stick.module.css";

type What = "everything" | "since";

/** A space goes to the others by a file, and back. */
export function CarrySpace({ space }: { space: Space }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge, notices, openDialog } = useSession();
	const { documents } = useDocuments();
	const [what, setWhat] = useState<What>("everything");
	const [document, setDocument] = useState("");
	const [files, setFiles] = useState(true);
	const [earlier, setEarlier] = useState<File>();
	const [problem, setProblem] = useState<string>();
	const { busy, share, run, stop } = useCarriage();
	const since = what === "since";
	const save = async () => {
		if (busy) return;
		if (since && earlier === undefined) return setProblem(t("carry.earlierMissing"));
		setProblem(undefined);
		try {
			const { file, url } = await run({ file: since ? earlier : undefined }, (carriage) =>
				bridge.api.CarryOut(carriage, space.id, { document, files, since }),
			);
			if (url !== "") follow(url);
			if (file !== "") notify(notices, { kind: "good", text: t("carry.savedTo", { file }) });
			else if (url !== "") notify(notices, { kind: "good", text: t("carry.saved") });
		} catch (reason) {
			setProblem(problemWords(reason, t, "out"));
		}
	};
	return (
		<section aria-labelledby="carry" className={styles.setting}>
			<h2 id="carry">{t("carry.title")}</h2>
			<p>{t("carry.hint")}</p>
			<Choices
				label={t("carry.what")}
				value={what}
				onChange={setWhat}
				disabled={busy}
				options={[
					{ value: "everything", label: t("carry.everything") },
					{ value: "since", label: t("carry.since") },
				]}
			/>
			{since && (
				<div className={own.earlier}>
					<FileTrigger acceptedFileTypes={[FILE_ENDING]} onSelect={(chosen) => setEarlier(chosen?.[0])}>
						<Button icon={FileUp} isDisabled={busy} aria-describedby="carry-earlier">
							{t("carry.earlier")}
						</Button>
					</FileTrigger>
					<p id="carry-earlier">
						{earlier ? t("carry.chosen", { file: isolated(earlier.name) }) : t("carry.earlierHint")}
					</p>
				</div>
			)}
			<Picker
				label={t("carry.documents")}
				value={document}
				onChange={setDocument}
				options={[
					{ value: "", label: t("carry.allDocuments") },
					...documents.map(({ id, title }) => ({ value: id, label: title || t("document.untitled") })),
				]}
			/>
			<CheckField label={t("carry.files")} selected={files} onChange={setFiles} />
			{busy && <Progress title={t("carry.saving")}>{share !== undefined && percent(share, locale)}</Progress>}
			{problem && <Problem>{problem}</Problem>}
			<div className={own.buttons}>
				{busy ? (
					<Button icon={X} onPress={stop}>
						{t("carry.stop")}
					</Button>
				) : (
					<Button icon={FileDown} onPress={save}>
						{t("carry.save")}
					</Button>
				)}
				<Button icon={FileUp} isDisabled={busy} onPress={() => openDialog("take-in")}>
					{t("carry.takeIn")}
				</Button>
			</div>
		</section>
	);
}
