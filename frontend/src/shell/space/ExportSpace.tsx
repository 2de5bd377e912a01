import { Download } from "lucide-react";
import { useState } from "react";
import type { Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { notify } from "../../ui/Toasts";
import { Problem, Progress } from "../dialogs/Feedback";
import { follow } from "../download";
import { errorWords } from "../errorWords";
import { useSession } from "../session";
import styles from "./space.module.css";
import { useProgress } from "./useProgress";

/** Everything that this device may read, in one file of one's own. */
export function ExportSpace({ space }: { space: Space }) {
	const { t } = useTranslation();
	const { bridge, notices } = useSession();
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const progress = useProgress("exporting", space.id, busy);
	const save = async () => {
		if (busy) return;
		setBusy(true);
		setProblem(undefined);
		try {
			const { file, url } = await bridge.api.ExportSpace(space.id);
			if (url !== "") follow(url);
			if (file !== "") notify(notices, { kind: "good", text: t("thisSpace.exportedTo", { file }) });
			else if (url !== "") notify(notices, { kind: "good", text: t("thisSpace.exported") });
		} catch (reason) {
			setProblem(errorWords(reason, t));
		}
		setBusy(false);
	};
	return (
		<section aria-labelledby="export" className={styles.setting}>
			<h2 id="export">{t("thisSpace.exportTitle")}</h2>
			<p>{t("thisSpace.exportHint")}</p>
			{busy && (
				<Progress title={t("thisSpace.exporting")}>
					{progress && t("thisSpace.progress", { done: progress.done, count: progress.of })}
				</Progress>
			)}
			{problem && <Problem>{problem}</Problem>}
			<Button icon={Download} isPending={busy} onPress={save}>
				{t("thisSpace.export")}
			</Button>
		</section>
	);
}
