import { FileText, MonitorSmartphone } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Linked } from "../bridge";
import { useTranslation } from "../i18n";
import { Button } from "../ui/Button";
import { TableDrawing } from "../ui/Drawing";
import { TextField } from "../ui/Field";
import devices from "./devices/devices.module.css";
import { RecoverForm } from "./devices/RecoverForm";
import { UseLinkForm } from "./devices/UseLinkForm";
import { errorWords } from "./errorWords";
import { isLinkCode } from "./handed";
import { LanguageRow } from "./LanguageRow";
import { checkName } from "./names";
import styles from "./Standby.module.css";
import type { Session } from "./session";
import { toField } from "./toField";
import { usePageTitle } from "./usePageTitle";

/** How somebody comes to Parley on this device. */
type Way = "new" | "link" | "recover";

interface FirstStartProps extends Pick<Session, "bridge" | "preferences" | "prefer" | "setYou"> {
	/** A code from a link that was opened, or empty. */
	handed: string;
	/** This device is one of a person's who has used Parley before. */
	onReturn: (linked: Linked, by: "link" | "recover") => void;
}

/** Asks for a name, nothing else; or brings back somebody who has one. */
export function FirstStart({ bridge, preferences, prefer, setYou, handed, onReturn }: FirstStartProps) {
	const { t } = useTranslation();
	const byLink = isLinkCode(handed);
	const [chosen, setWay] = useState<Way>();
	const way = chosen ?? (byLink ? "link" : "new");
	const [came, setCame] = useState<Way>();
	const back = () => {
		setCame(way);
		setWay("new");
	};
	const titles = { new: t("first.title"), link: t("devices.useTitle"), recover: t("recover.title") } as const;
	usePageTitle(titles[way]);
	return (
		<main className={styles.page}>
			<div className={styles.card}>
				{way === "new" && (
					<div className={styles.drawing}>
						<TableDrawing />
					</div>
				)}
				<div>
					<h1 className={styles.title}>{titles[way]}</h1>
					{way === "new" && <p className={styles.intro}>{t("first.intro")}</p>}
					{way === "link" && <p className={styles.intro}>{t("devices.useIntro")}</p>}
					{way === "recover" && <p className={styles.intro}>{t("recover.intro")}</p>}
				</div>
				{way === "new" && (
					<>
						<NameForm bridge={bridge} setYou={setYou} autoFocus={came === undefined} />
						<div className={devices.ways}>
							<Button icon={MonitorSmartphone} autoFocus={came === "link"} onPress={() => setWay("link")}>
								{t("first.haveDevice")}
							</Button>
							<Button icon={FileText} autoFocus={came === "recover"} onPress={() => setWay("recover")}>
								{t("first.haveSheet")}
							</Button>
						</div>
					</>
				)}
				{way === "link" && (
					<UseLinkForm
						bridge={bridge}
						code={byLink ? handed : ""}
						back={back}
						onLinked={(linked) => onReturn(linked, "link")}
					/>
				)}
				{way === "recover" && (
					<RecoverForm bridge={bridge} back={back} onRecovered={(linked) => onReturn(linked, "recover")} />
				)}
			</div>
			<LanguageRow chosen={preferences.language} onChoose={(language) => prefer({ language })} />
		</main>
	);
}

interface NameFormProps extends Pick<Session, "bridge" | "setYou"> {
	autoFocus: boolean;
}

function NameForm({ bridge, setYou, autoFocus }: NameFormProps) {
	const { t } = useTranslation();
	const [name, setName] = useState("");
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);

	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		const wrong = checkName(name);
		if (wrong !== undefined) {
			setProblem(wrong === "missing" ? t("first.nameMissing") : t("first.nameTooLong"));
			toField(form);
			return;
		}
		setBusy(true);
		try {
			const person = { name: name.trim() };
			await bridge.api.SetPerson(person);
			setYou(person);
		} catch (reason) {
			setProblem(errorWords(reason, t));
			toField(form);
			setBusy(false);
		}
	};

	return (
		<form className={styles.form} onSubmit={submit} noValidate>
			<TextField
				label={t("first.name")}
				description={t("first.nameHint")}
				placeholder={t("first.namePlaceholder")}
				value={name}
				onChange={(value) => {
					setName(value);
					setProblem(undefined);
				}}
				error={problem}
				autoComplete="name"
				autoFocus={autoFocus}
			/>
			<Button type="submit" look="primary">
				{t("first.start")}
			</Button>
		</form>
	);
}
