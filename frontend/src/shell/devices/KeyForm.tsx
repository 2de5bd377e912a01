import { type FormEvent, type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { type Bridge, type Linked, toParleyError } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { Problem, Progress } from "../dialogs/Feedback";
import { toField } from "../toField";
import styles from "./devices.module.css";
import { LONGEST_LABEL } from "./names";
import { useWordsProblem, type WordsFor } from "./useWordsProblem";

/** The code of the error with which a search ends that nobody waits for any more. */
const STOPPED = "stopped";

interface KeyFormProps {
	bridge: Bridge;
	/** Where the words come from. */
	use: WordsFor;
	/** What the form says of itself. */
	says: Record<"label" | "hint" | "missing" | "busy" | "busyHint" | "action", string>;
	/** What is in the field already. */
	handed?: string;
	/** Further fields, between the words and the device's name. */
	children?: (busy: boolean) => ReactNode;
	/** Hands in what was typed, without the white space around it. */
	submit: (words: string, label: string) => Promise<Linked>;
	back: () => void;
	onDone: (linked: Linked) => void;
}

/** On a new device: takes what makes it one of the person's, a code or words, and a name for the device. */
export function KeyForm({ bridge, use, says, handed = "", children, submit, back, onDone }: KeyFormProps) {
	const { t } = useTranslation();
	const [words, setWords] = useState(handed);
	const [label, setLabel] = useState("");
	const [missing, setMissing] = useState(false);
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const explain = useWordsProblem(bridge);
	const searching = useRef(false);
	const stop = useCallback(() => {
		if (searching.current) bridge.api.StopSearch().catch(() => undefined); // It ends by itself.
	}, [bridge]);
	// Whoever leaves does not wait for it any more.
	useEffect(() => stop, [stop]);
	const long = [...label.trim()].length > LONGEST_LABEL;

	const handIn = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy || long) return;
		if (words.trim() === "") {
			setMissing(true);
			toField(form);
			return;
		}
		setProblem(undefined);
		setBusy(true);
		searching.current = true;
		try {
			const linked = await submit(words.trim(), label.trim());
			searching.current = false;
			onDone(linked);
		} catch (reason) {
			searching.current = false;
			if (toParleyError(reason).code !== STOPPED) setProblem(await explain(reason, words, use));
			setBusy(false);
			toField(form);
		}
	};

	return (
		<form className={styles.form} onSubmit={handIn} noValidate aria-busy={busy}>
			<TextField
				label={says.label}
				description={says.hint}
				lines={4}
				value={words}
				onChange={(value) => {
					setWords(value);
					setMissing(false);
				}}
				error={missing ? says.missing : undefined}
				isReadOnly={busy}
				onKeyDown={(event) => {
					// A code is pasted whole; a sheet's words may be typed line by line.
					if (event.key !== "Enter" || use !== "link") return event.continuePropagation();
					event.preventDefault();
					if (event.target instanceof HTMLTextAreaElement) event.target.form?.requestSubmit();
				}}
				autoComplete="off"
				autoFocus={handed === ""}
			/>
			{children?.(busy)}
			<TextField
				label={t("devices.name")}
				description={t("devices.nameHint")}
				placeholder={t("devices.namePlaceholder")}
				value={label}
				onChange={setLabel}
				error={long ? t("devices.nameTooLong") : undefined}
				isReadOnly={busy}
				autoComplete="off"
				autoFocus={handed !== ""}
			/>
			{busy && <Progress title={says.busy}>{says.busyHint}</Progress>}
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button onPress={busy ? stop : back}>{busy ? t("app.cancel") : t("devices.back")}</Button>
				<Button type="submit" look="primary" isPending={busy}>
					{says.action}
				</Button>
			</DialogActions>
		</form>
	);
}
