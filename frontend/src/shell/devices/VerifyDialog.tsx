import { CircleCheck, TriangleAlert } from "lucide-react";
import { useState } from "react";
import type { Member, Safety, Space } from "../../bridge";
import { formatTime, useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { notify } from "../../ui/Toasts";
import shared from "../dialogs/dialogs.module.css";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import { type DialogProps, useSession } from "../session";
import styles from "./devices.module.css";
import { StepIntro } from "./StepIntro";
import { WordList } from "./WordList";

/** Compares six words with another person of the open space. The subject is that person's place in it. */
export function VerifyDialog({ subject, onClose }: DialogProps) {
	const { space } = useSession();
	const member = space?.members.find(({ device }) => device === subject);
	// Whoever is removed meanwhile takes the dialog along.
	if (space === undefined || member === undefined) return null;
	return <Verifying space={space} member={member} onClose={onClose} />;
}

interface VerifyingProps {
	space: Space;
	member: Member;
	onClose: () => void;
}

function Verifying({ space, member, onClose }: VerifyingProps) {
	const { t } = useTranslation();
	const { bridge, notices, refresh } = useSession();
	const [differs, setDiffers] = useState(false);
	const [problem, setProblem] = useState<string>();
	const { value: safety, error } = useLive(
		bridge,
		`safety ${space.id} ${member.device}`,
		() => bridge.api.SafetyWords(space.id, member.device),
		[trigger("spaces")],
	);
	const mark = async (same: boolean) => {
		try {
			await bridge.api.MarkVerified(space.id, member.device, same);
			refresh();
			if (!same) return setDiffers(true);
			notify(notices, { kind: "good", text: t("verify.done", { name: member.name }) });
			onClose();
		} catch (reason) {
			setProblem(errorWords(reason, t));
		}
	};
	return (
		<Dialog title={t("verify.title", { name: member.name })} closeLabel={t("app.close")} onClose={onClose}>
			{differs ? (
				<>
					<StepIntro>{t("verify.differs")}</StepIntro>
					<ul className={styles.steps}>
						<li>{t("verify.differsWait")}</li>
						<li>{t("verify.differsTell")}</li>
					</ul>
					<DialogActions>
						<Button onPress={() => setDiffers(false)}>{t("verify.again")}</Button>
						<Button look="primary" onPress={onClose}>
							{t("app.close")}
						</Button>
					</DialogActions>
				</>
			) : (
				<>
					<p className={styles.intro}>{t("verify.intro")}</p>
					{safety && <Before safety={safety} member={member} />}
					{safety && (
						<div className={styles.spoken}>
							<h3 id="safety-words" className="visually-hidden">
								{t("verify.words")}
							</h3>
							<WordList words={safety.words} labelledBy="safety-words" />
						</div>
					)}
					<p className={shared.note}>{t("verify.local")}</p>
					{(problem ?? error) && <Problem>{problem ?? errorWords(error, t)}</Problem>}
					<DialogActions>
						<Button look="danger" isDisabled={safety === undefined} onPress={() => mark(false)}>
							{t("verify.different")}
						</Button>
						<Button look="primary" isDisabled={safety === undefined} onPress={() => mark(true)}>
							{t("verify.same")}
						</Button>
					</DialogActions>
				</>
			)}
		</Dialog>
	);
}

/** What was compared before, and what has changed since. */
function Before({ safety, member }: { safety: Safety; member: Member }) {
	const { t } = useTranslation();
	const locale = useLocale();
	if (safety.since === undefined || safety.state === "no") return null;
	const time = formatTime(safety.since, locale);
	if (safety.state === "yes" && safety.other) {
		return <p className={shared.note}>{t("verify.otherWords", { name: member.name, time })}</p>;
	}
	if (safety.state === "yes") {
		return (
			<p className={styles.done}>
				<CircleCheck aria-hidden />
				{t("verify.since", { time })}
			</p>
		);
	}
	const count = safety.fresh.length;
	return (
		<p className={styles.changed}>
			<TriangleAlert aria-hidden />
			{count > 0
				? t("verify.changedDevices", { name: member.name, time, count })
				: t("verify.changedName", { name: member.name, time })}
		</p>
	);
}
