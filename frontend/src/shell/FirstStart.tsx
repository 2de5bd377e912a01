import { FileText, MonitorSmartphone } from "lucide-react";
import { useState } from "react";
import type { Linked } from "../bridge";
import { useTranslation } from "../i18n";
import { Button } from "../ui/Button";
import { TableDrawing } from "../ui/Drawing";
import devices from "./devices/devices.module.css";
import { RecoverForm } from "./devices/RecoverForm";
import { UseLinkForm } from "./devices/UseLinkForm";
import { isLinkCode } from "./handed";
import { LanguageRow } from "./LanguageRow";
import { NameForm } from "./NameForm";
import styles from "./Standby.module.css";
import type { Session } from "./session";
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
						<NameForm
							className={styles.form}
							says={{
								label: t("first.name"),
								hint: t("first.nameHint"),
								placeholder: t("first.namePlaceholder"),
								action: t("first.start"),
							}}
							wrong={{ missing: t("first.nameMissing"), "too-long": t("first.nameTooLong") }}
							autoComplete="name"
							autoFocus={came === undefined}
							save={async (name) => {
								const person = { name };
								await bridge.api.SetPerson(person);
								setYou(person);
							}}
						/>
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
