import { CircleAlert, CircleCheck, CircleHelp, Radar } from "lucide-react";
import { useState } from "react";
import { useLocale, useTranslation } from "../../i18n";
import { useAnnounce } from "../../ui/announcer";
import { Button } from "../../ui/Button";
import dialogs from "../dialogs/dialogs.module.css";
import { Problem, Progress } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { useSession } from "../session";
import styles from "./network.module.css";
import { type Finding, findings } from "./testWords";

/** Finds out what works between this computer and the others, and says what to do about the rest. */
export function ConnectionTest() {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge } = useSession();
	const announce = useAnnounce();
	const [found, setFound] = useState<Finding[]>();
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const test = async () => {
		if (busy) return;
		setBusy(true);
		setProblem(undefined);
		try {
			const list = findings(await bridge.api.TestConnection(), t, locale);
			setFound(list);
			const wrong = list.filter(({ state }) => state === "bad").length;
			announce(wrong === 0 ? t("test.fine") : t("test.wrong", { count: wrong }));
		} catch (reason) {
			setProblem(errorWords(reason, t));
		}
		setBusy(false);
	};
	return (
		<section aria-labelledby="connection-test" className={styles.test}>
			<h3 id="connection-test" className={dialogs.subhead}>
				{t("test.title")}
			</h3>
			<p className={dialogs.note}>{t("test.hint")}</p>
			{busy && <Progress title={t("test.busy")} />}
			{problem && <Problem>{problem}</Problem>}
			{found && !busy && (
				<ul className={styles.findings} aria-label={t("test.results")}>
					{found.map((finding) => (
						<Row key={finding.id} finding={finding} />
					))}
				</ul>
			)}
			<Button icon={Radar} isPending={busy} onPress={test}>
				{found ? t("test.again") : t("test.start")}
			</Button>
		</section>
	);
}

const icons = { good: CircleCheck, unsure: CircleHelp, bad: CircleAlert };

function Row({ finding: { state, text } }: { finding: Finding }) {
	const { t } = useTranslation();
	const Icon = icons[state];
	return (
		<li className={styles[state]}>
			<Icon role="img" aria-label={t(`test.state.${state}`)} />
			<span>{text}</span>
		</li>
	);
}
