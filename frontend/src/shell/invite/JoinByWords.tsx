import { type FormEvent, useState } from "react";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import styles from "../dialogs/dialogs.module.css";
import { Problem, Progress } from "../dialogs/Feedback";
import { useSession } from "../session";
import { toField } from "../toField";
import type { Joining } from "./useJoining";

/** How many words stand on the wall. */
const WORDS = 3;

/** The words that a facilitator shows in the room. */
export function JoinByWords({ joining, onClose }: { joining: Joining; onClose: () => void }) {
	const { t } = useTranslation();
	const { bridge } = useSession();
	const [words, setWords] = useState("");
	const [missing, setMissing] = useState(false);
	const { busy, problem, run, start } = joining;
	/** Which of the words is none that a wall ever shows. */
	const whichWord = async (code: string): Promise<string> => {
		if (code !== "words") return "";
		const wrong = await bridge.api.CheckRoomWords(words).catch(() => undefined);
		if (wrong === undefined || wrong.right || wrong.position === 0) return t("join.wordsMissing");
		const { position: number, word, nearest } = wrong;
		return nearest ? t("join.nearWord", { number, word, nearest }) : t("join.wrongWord", { number, word });
	};
	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		const typed = words.split(/[\s,.;-]+/u).filter(Boolean);
		setMissing(typed.length !== WORDS);
		if (typed.length !== WORDS || (await run(() => bridge.api.JoinRoom(typed.join(" ")), whichWord)))
			toField(form);
	};
	return (
		<form className={styles.form} onSubmit={submit} noValidate>
			<TextField
				label={t("join.words")}
				description={t("join.wordsHint")}
				value={words}
				onChange={(text) => {
					setWords(text);
					setMissing(false);
					start();
				}}
				error={missing ? t("join.wordsMissing") : undefined}
				isReadOnly={busy}
				autoComplete="off"
				spellCheck="false"
				autoFocus
			/>
			{busy && <Progress title={t("join.looking")}>{t("join.lookingHint")}</Progress>}
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button onPress={onClose}>{t("app.cancel")}</Button>
				<Button type="submit" look="primary" isPending={busy}>
					{t("join.join")}
				</Button>
			</DialogActions>
		</form>
	);
}
