import { type FormEvent, useEffect, useRef, useState } from "react";
import type { Guard } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Choices, TextField } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import { errorWords } from "../errorWords";
import { useSession } from "../session";
import { toField } from "../toField";
import styles from "./dialogs.module.css";
import { Problem } from "./Feedback";

/** What is being changed. */
type Step = "set" | "change" | "remove";

const SHORTEST = 8;

/** Says what keeps the work on this computer from others, and changes it. */
export function Protection() {
	const { t } = useTranslation();
	const { bridge, notices } = useSession();
	const [guard, setGuard] = useState<Guard>();
	const [step, setStep] = useState<Step>();
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);

	// The Go side knows, and it may have been changed by a command.
	useEffect(() => {
		let gone = false;
		bridge.api.Guard().then(
			(now) => gone || setGuard(now),
			(reason) => gone || setProblem(errorWords(reason, t)),
		);
		return () => {
			gone = true;
		};
	}, [bridge, t]);

	/** Resolves to whether it was changed. */
	const change = async (to: Guard, current: string, next: string): Promise<boolean> => {
		setProblem(undefined);
		setBusy(true);
		try {
			await bridge.api.SetGuard(to, current, next);
			setGuard(to);
			setStep(undefined);
			notify(notices, { kind: "good", text: t("protect.saved") });
			return true;
		} catch (reason) {
			setProblem(errorWords(reason, t));
			return false;
		} finally {
			setBusy(false);
		}
	};

	return (
		<section className={styles.protection} aria-labelledby="protection">
			<h3 id="protection" className={styles.subhead}>
				{t("protect.title")}
			</h3>
			<p>{guard && t(`protect.${guard}`)}</p>
			{step === undefined && guard !== undefined && (
				<div className={styles.buttons}>
					{guard === "passphrase" ? (
						<>
							<Button onPress={() => setStep("change")}>{t("protect.change")}</Button>
							<Button look="quiet" onPress={() => setStep("remove")}>
								{t("protect.remove")}
							</Button>
						</>
					) : (
						<Button onPress={() => setStep("set")}>{t("protect.set")}</Button>
					)}
					{guard === "file" && (
						<Button look="quiet" isDisabled={busy} onPress={() => change("keyring", "", "")}>
							{t("protect.useKeyring")}
						</Button>
					)}
				</div>
			)}
			{step !== undefined && (
				<StepForm
					key={step}
					step={step}
					busy={busy}
					change={change}
					cancel={() => {
						setProblem(undefined);
						setStep(undefined);
					}}
				/>
			)}
			<p role="status" className={styles.note}>
				{busy ? t("protect.saving") : ""}
			</p>
			{problem && <Problem>{problem}</Problem>}
		</section>
	);
}

interface StepFormProps {
	step: Step;
	busy: boolean;
	change: (to: Guard, current: string, next: string) => Promise<boolean>;
	cancel: () => void;
}

function StepForm({ step, busy, change, cancel }: StepFormProps) {
	const { t } = useTranslation();
	const [current, setCurrent] = useState("");
	const [next, setNext] = useState("");
	const [again, setAgain] = useState("");
	const [to, setTo] = useState<"keyring" | "file">("keyring");
	const [tried, setTried] = useState(false);
	const whole = useRef<HTMLFormElement>(null);
	// The focus brings only its own field into view.
	useEffect(() => {
		whole.current?.scrollIntoView({ block: "nearest" });
	}, []);
	const short = [...next].length < SHORTEST;
	const differs = next !== again;

	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		setTried(true);
		if (step !== "remove" && (short || differs)) {
			form.querySelector<HTMLElement>(short ? "[name=next]" : "[name=again]")?.focus();
			return;
		}
		const changed = await change(step === "remove" ? to : "passphrase", current, next);
		if (!changed) toField(form);
	};

	return (
		<form ref={whole} className={styles.protection} onSubmit={submit} noValidate aria-busy={busy}>
			{step !== "set" && (
				<TextField
					label={t("protect.current")}
					type="password"
					autoComplete="current-password"
					value={current}
					onChange={setCurrent}
					autoFocus
				/>
			)}
			{step === "remove" ? (
				<Choices
					label={t("protect.where")}
					options={[
						{ value: "keyring", label: t("protect.inKeyring") },
						{ value: "file", label: t("protect.inFile") },
					]}
					value={to}
					onChange={setTo}
				/>
			) : (
				<>
					<TextField
						name="next"
						label={t("protect.new")}
						description={t("protect.newHint")}
						type="password"
						autoComplete="new-password"
						value={next}
						onChange={setNext}
						error={tried && short ? t("protect.short") : undefined}
						autoFocus={step === "set"}
					/>
					<TextField
						name="again"
						label={t("protect.again")}
						type="password"
						autoComplete="new-password"
						value={again}
						onChange={setAgain}
						error={tried && !short && differs ? t("protect.differs") : undefined}
					/>
					<p className={styles.note}>{t("protect.warn")}</p>
				</>
			)}
			<div className={styles.buttons}>
				<Button type="submit" look="primary">
					{t("protect.save")}
				</Button>
				<Button look="quiet" onPress={cancel}>
					{t("app.cancel")}
				</Button>
			</div>
		</form>
	);
}
