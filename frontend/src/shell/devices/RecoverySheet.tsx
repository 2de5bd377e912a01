import { CircleCheck, Printer } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { createPortal } from "react-dom";
import type { RecoverySheet as Sheet } from "../../bridge";
import { formatDate, formatList, useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { useSession } from "../session";
import styles from "./devices.module.css";
import { PrintedSheet } from "./PrintedSheet";
import { StepIntro } from "./StepIntro";
import { WordList } from "./WordList";
import { chooseTwo, isWord } from "./wordCheck";

/** Draws a recovery sheet, has it written down, asks for two of its words, and only then lets it count. */
export function RecoverySheet({ back }: { back: () => void }) {
	const { t } = useTranslation();
	const { bridge } = useSession();
	const [sheet, setSheet] = useState<Sheet>();
	const [step, setStep] = useState<"why" | "words" | "check" | "done">("why");
	const [problem, setProblem] = useState<string>();
	const draw = async () => {
		setProblem(undefined);
		try {
			setSheet(sheet ?? (await bridge.api.NewRecoverySheet()));
			setStep("words");
		} catch (reason) {
			setProblem(errorWords(reason, t));
		}
	};
	if (sheet === undefined || step === "why") return <Why problem={problem} back={back} next={draw} />;
	if (step === "words") {
		return <Words sheet={sheet} back={() => setStep("why")} next={() => setStep("check")} />;
	}
	if (step === "check") {
		return <Check sheet={sheet} back={() => setStep("words")} next={() => setStep("done")} />;
	}
	return <Done sheet={sheet} back={back} />;
}

interface WhyProps {
	problem: string | undefined;
	back: () => void;
	next: () => void;
}

function Why({ problem, back, next }: WhyProps) {
	const { t } = useTranslation();
	return (
		<>
			<StepIntro>{t("recovery.intro")}</StepIntro>
			<p>{t("recovery.keep")}</p>
			<p>{t("recovery.endsOld")}</p>
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button onPress={back}>{t("devices.back")}</Button>
				<Button look="primary" onPress={next}>
					{t("recovery.show")}
				</Button>
			</DialogActions>
		</>
	);
}

interface PartProps {
	sheet: Sheet;
	back: () => void;
	next: () => void;
}

function Words({ sheet, back, next }: PartProps) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { you } = useSession();
	return (
		<>
			<StepIntro>{t("recovery.write")}</StepIntro>
			<h3 id="recovery-words" className="visually-hidden">
				{t("recovery.words")}
			</h3>
			<div className={styles.sheetWords}>
				<WordList words={sheet.words} labelledBy="recovery-words" />
			</div>
			<p>{t("recovery.covers", { spaces: formatList(sheet.spaces, locale) })}</p>
			{createPortal(<PrintedSheet sheet={sheet} name={you.name} />, document.body)}
			<DialogActions>
				<Button onPress={back}>{t("devices.back")}</Button>
				<Button icon={Printer} onPress={() => window.print()}>
					{t("recovery.print")}
				</Button>
				<Button look="primary" onPress={next}>
					{t("recovery.written")}
				</Button>
			</DialogActions>
		</>
	);
}

function Check({ sheet, back, next }: PartProps) {
	const { t } = useTranslation();
	const { bridge } = useSession();
	const [asked] = useState(() => chooseTwo(sheet.words.length));
	const [typed, setTyped] = useState<readonly string[]>(["", ""]);
	const [wrong, setWrong] = useState<readonly boolean[]>([false, false]);
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		const mistakes = asked.map((number, index) => !isWord(typed[index] ?? "", sheet.words[number] ?? ""));
		setWrong(mistakes);
		const first = mistakes.indexOf(true);
		if (first >= 0) {
			form.querySelectorAll<HTMLElement>("input")[first]?.focus();
			return;
		}
		setBusy(true);
		try {
			await bridge.api.KeepRecoverySheet(sheet.words.join(" "));
			next();
		} catch (reason) {
			setProblem(errorWords(reason, t));
			setBusy(false);
		}
	};
	return (
		<form className={styles.form} onSubmit={submit} noValidate>
			<p className={styles.intro}>{t("recovery.check")}</p>
			{asked.map((number, index) => (
				<TextField
					key={number}
					label={t("recovery.word", { number: number + 1 })}
					value={typed[index] ?? ""}
					onChange={(value) => {
						setTyped(typed.map((before, at) => (at === index ? value : before)));
						setWrong(wrong.map((before, at) => at !== index && before));
					}}
					error={wrong[index] ? t("recovery.wrong", { number: number + 1 }) : undefined}
					autoComplete="off"
					spellCheck="false"
					autoFocus={index === 0}
				/>
			))}
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button onPress={back}>{t("recovery.seeAgain")}</Button>
				<Button type="submit" look="primary" isPending={busy}>
					{t("recovery.finish")}
				</Button>
			</DialogActions>
		</form>
	);
}

function Done({ sheet, back }: { sheet: Sheet; back: () => void }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { refresh } = useSession();
	useEffect(() => refresh(), [refresh]);
	return (
		<>
			<p className={styles.done} role="status">
				<CircleCheck aria-hidden />
				{t("recovery.done", { date: formatDate(new Date(sheet.made), locale) })}
			</p>
			<p>{t("recovery.covers", { spaces: formatList(sheet.spaces, locale) })}</p>
			<DialogActions>
				<Button look="primary" autoFocus onPress={back}>
					{t("devices.finish")}
				</Button>
			</DialogActions>
		</>
	);
}
