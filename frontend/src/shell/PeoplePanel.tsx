import { PanelRightClose, UserPlus, Users } from "lucide-react";
import { useMemo } from "react";
import type { Member, MemberStatus } from "../bridge";
import { useKeyNames, useTranslation } from "../i18n";
import { Avatar } from "../ui/Avatar";
import { Button, IconButton, PlaceLink } from "../ui/Button";
import { keyLabel } from "../ui/keys";
import { colourOf } from "./colour";
import { useDocumentStatus } from "./documentStatus";
import styles from "./PeoplePanel.module.css";
import { nearestFirst } from "./people/filter";
import { Standing } from "./people/MemberRow";
import { useNear, useWhereabouts } from "./people/useWhereabouts";
import { belongs, looksAfter } from "./rights";
import { useSession } from "./session";
import { windowKeys } from "./useShortcuts";
import { Has } from "./WhoHas";

/** So many are drawn beside the work; the place of the people has all. */
const MOST = 30;

/** The people of the space: who they are here, where they are now, and who has the latest. */
export function PeoplePanel({ onHide }: { onHide: () => void }) {
	const { t } = useTranslation();
	const { space, go, openDialog } = useSession();
	const status = useDocumentStatus();
	const names = useKeyNames();
	const byPerson = useMemo(() => new Map(status?.members.map((one) => [one.device, one])), [status]);
	if (space === undefined) return null;
	const { members } = space;
	const shown = members.length > MOST ? nearestFirst(members).slice(0, MOST) : members;
	return (
		<div className={styles.panel}>
			<div className={styles.head}>
				<h2>{t("people.title")}</h2>
				<IconButton
					icon={PanelRightClose}
					mirrored
					label={t("people.hide")}
					keys={keyLabel(windowKeys.people, names)}
					onPress={onHide}
				/>
			</div>
			<ul className={styles.list} aria-label={t("people.title")}>
				{shown.map((member) => (
					<Person key={member.device} member={member} status={byPerson.get(member.device)} />
				))}
			</ul>
			{members.length > MOST && (
				<p className={styles.note}>{t("people.shownOf", { shown: MOST, count: members.length })}</p>
			)}
			{members.length === 1 && looksAfter(space) && <p className={styles.note}>{t("people.onlyYou")}</p>}
			<div className={styles.ways}>
				<PlaceLink icon={Users} onPress={() => go({ space: space.id, page: "people" })}>
					{t("people.all", { count: members.length })}
				</PlaceLink>
				{looksAfter(space) && (
					<Button icon={UserPlus} onPress={() => openDialog("invite")}>
						{t("people.invite")}
					</Button>
				)}
			</div>
		</div>
	);
}

function Person({ member, status }: { member: Member; status: MemberStatus | undefined }) {
	const { t } = useTranslation();
	const { space, openDialog } = useSession();
	const whereabouts = useWhereabouts(member);
	const near = useNear(member);
	return (
		<li className={styles.person}>
			<Avatar name={member.name} colour={colourOf(space, member.device)} away={!near} />
			<div className={styles.text}>
				<PlaceLink className={styles.name} onPress={() => openDialog("person", member.device)}>
					<bdi>{member.you ? t("people.you", { name: member.name }) : member.name}</bdi>
				</PlaceLink>
				<Standing member={member} />
				{!member.official && member.organisation && <bdi className={styles.note}>{member.organisation}</bdi>}
				<span className={styles.note}>
					{[t(`role.${member.role}`), whereabouts].filter(Boolean).join(" · ")}
				</span>
				{status && space && belongs(space) && <Has status={status} />}
			</div>
		</li>
	);
}
