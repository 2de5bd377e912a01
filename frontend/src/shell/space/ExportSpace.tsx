import { Download, X } from "lucide-react";
import { useState } from "react";
import { ParleyError, type Space } from "../../bridge";
import { useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { notify } from "../../ui/Toasts";
import { Problem, Progress } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { useSession } from "../session";
import { exportWords } from "./exportWords";
import styles from "./space.module.css";
import { useExport } from "./useExport";

/** Everything that this device may read, in one file of one's own. */
export function ExportSpace({ space }: { space: Space }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { notices } = useSession();
	const [problem, setProblem] = useState<string>();
	const { progress, busy, save, stop } = useExport(space.id);
	const saves = async () => {
		setProblem(undefined);
		try {
			const ended = await save();
			if (ended?.how.end === "stopped") setProblem(t("thisSpace.exportStopped"));
			else if (ended?.how.end === "failed") setProblem(t("thisSpace.exportBroke"));
			else if (ended) {
				const whole = ended.how.absent.length === 0 && ended.how.lacks === 0;
				notify(notices, { kind: whole ? "good" : "problem", text: exportWords(ended, t, locale) });
			}
		} catch (reason) {
			const stopped = reason instanceof ParleyError && reason.code === "stopped";
			setProblem(stopped ? t("thisSpace.exportStopped") : errorWords(reason, t));
		}
	};
	const { done = 0, of = 0, fetched = 0, fetching = 0 } = progress ?? {};
	return (
		<section aria-labelledby="export" className={styles.setting}>
			<h2 id="export">{t("thisSpace.exportTitle")}</h2>
			<p>{t("thisSpace.exportHint")}</p>
			{busy && (
				<Progress title={t("thisSpace.exporting")}>
					{fetched < fetching
						? t("thisSpace.fetching", { which: fetched + 1, count: fetching })
						: of > 0 && t("thisSpace.progress", { done, count: of })}
				</Progress>
			)}
			{problem && <Problem>{problem}</Problem>}
			{busy ? (
				<Button icon={X} onPress={stop}>
					{t("thisSpace.exportStop")}
				</Button>
			) : (
				<Button icon={Download} onPress={saves}>
					{t("thisSpace.export")}
				</Button>
			)}
		</section>
	);
}
