import { Check, CircleHelp, Clock } from "lucide-react";
import { Button, Dialog, DialogTrigger, Heading, Popover } from "react-aria-components";
import type { MemberStatus, Status } from "../bridge";
import { useLocale, useTranslation } from "../i18n";
import { Portion } from "../ui/Portion";
import { hasWords, portionOf, portionWords } from "./hasWords";
import styles from "./WhoHas.module.css";

/** A small picture of how many have the latest; pressed, it says who. */
export function WhoHas({ status }: { status: Status }) {
	const { t } = useTranslation();
	const { have, people } = portionOf(status);
	if (people === 0) return null;
	const words = portionWords(have, people, t);
	return (
		<DialogTrigger>
			<Button className={styles.open} aria-label={t("has.open", { words })}>
				<Portion have={have} of={people} />
			</Button>
			<Popover placement="bottom start" className={styles.popover}>
				<Dialog className={styles.dialog}>
					<Heading slot="title" level={2}>
						{t("has.title")}
					</Heading>
					<p>{words}</p>
					<ul>
						{status.members.map((member) => (
							<Person key={member.device} member={member} />
						))}
					</ul>
				</Dialog>
			</Popover>
		</DialogTrigger>
	);
}

function Person({ member }: { member: MemberStatus }) {
	const { t } = useTranslation();
	return (
		<li className={styles.person}>
			<bdi className={styles.name}>{member.you ? t("has.yourOther") : member.name}</bdi>
			<Has status={member} />
		</li>
	);
}

/** What a person has, in words and as a sign. */
export function Has({ status }: { status: MemberStatus }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { hasLatest, known } = status;
	const Icon = hasLatest ? Check : known ? Clock : CircleHelp;
	return (
		<span className={`${styles.state} ${hasLatest ? styles.has : styles.lacks}`}>
			<Icon aria-hidden />
			<span>{hasWords(status, t, locale)}</span>
		</span>
	);
}
