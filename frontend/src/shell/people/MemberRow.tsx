import { BadgeCheck, ChevronRight, ShieldCheck, TriangleAlert } from "lucide-react";
import { memo } from "react";
import type { Member, Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Avatar } from "../../ui/Avatar";
import { PlaceLink } from "../../ui/Button";
import { colourOf } from "../colour";
import { useSession } from "../session";
import styles from "./people.module.css";
import { confirmedWords, standingWords } from "./personWords";
import { useNear, useWhereabouts } from "./useWhereabouts";

/** One line of the list; it leads to everything that there is to know and to do about the person. */
export const MemberRow = memo(function MemberRow({ member, space }: { member: Member; space: Space }) {
	const { t } = useTranslation();
	const { openDialog } = useSession();
	const near = useNear(member);
	const whereabouts = useWhereabouts(member);
	return (
		<PlaceLink
			data-about={member.device}
			className={styles.row}
			onPress={() => openDialog("person", member.device)}
		>
			<Avatar name={member.name} colour={colourOf(space, member.device)} away={!near} />
			<span className={styles.text}>
				<bdi className={styles.name}>{member.you ? t("people.you", { name: member.name }) : member.name}</bdi>
				<Standing member={member} />
				{!member.official && member.organisation && <bdi className={styles.note}>{member.organisation}</bdi>}
				<span className={styles.note}>
					{whereabouts}
					{member.devices.length > 1 && (
						<>
							{whereabouts && " · "}
							{t("people.devices", { count: member.devices.length })}
						</>
					)}
				</span>
				<Verified member={member} />
			</span>
			<ChevronRight aria-hidden className={`mirrored ${styles.chevron}`} />
		</PlaceLink>
	);
});

/** What an official is, and whether somebody has vouched for it: in words, beside the colour. */
export function Standing({ member }: { member: Member }) {
	const { t } = useTranslation();
	if (!member.official) return null;
	return (
		<span className={styles.standing}>
			<span className={styles.official}>{standingWords(member, t)}</span>
			<span className={member.confirmedBy ? styles.confirmed : styles.unconfirmed}>
				{member.confirmedBy ? <BadgeCheck aria-hidden /> : <TriangleAlert aria-hidden />}
				{confirmedWords(member, t)}
			</span>
		</span>
	);
}

function Verified({ member: { you, verified } }: { member: Member }) {
	const { t } = useTranslation();
	if (you || verified === "no") return null;
	return verified === "yes" ? (
		<span className={styles.verified}>
			<ShieldCheck aria-hidden />
			{t("people.verified")}
		</span>
	) : (
		<span className={styles.changed}>
			<TriangleAlert aria-hidden />
			{t("people.verifiedChanged")}
		</span>
	);
}
