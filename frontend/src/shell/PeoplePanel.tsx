import { Check, Clock, PanelRightClose, UserPlus } from "lucide-react";
import type { Member, MemberStatus } from "../bridge";
import { formatTime, type TFunction, useKeyNames, useLocale, useTranslation } from "../i18n";
import { Avatar } from "../ui/Avatar";
import { Button, IconButton } from "../ui/Button";
import { keyLabel } from "../ui/keys";
import { colourOf } from "./colour";
import { useDocumentStatus } from "./documentStatus";
import { useDocuments } from "./documents";
import styles from "./PeoplePanel.module.css";
import { usePresence } from "./presence";
import { mayInvite } from "./rights";
import { useSession } from "./session";
import { windowKeys } from "./useShortcuts";

/** The people of the space: who they are here, where they are now, and who has the latest. */
export function PeoplePanel({ onHide }: { onHide: () => void }) {
	const { t } = useTranslation();
	const { space, openDialog } = useSession();
	const status = useDocumentStatus();
	const names = useKeyNames();
	if (space === undefined) return null;
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
				{space.members.map((member) => (
					<Person
						key={member.device}
						member={member}
						status={status?.members.find(({ device }) => device === member.device)}
					/>
				))}
			</ul>
			{space.members.length === 1 && <p className={styles.note}>{t("people.onlyYou")}</p>}
			{mayInvite(space.role) && (
				<Button icon={UserPlus} className={styles.invite} onPress={() => openDialog("invite")}>
					{t("people.invite")}
				</Button>
			)}
		</div>
	);
}

function Person({ member, status }: { member: Member; status: MemberStatus | undefined }) {
	const { t } = useTranslation();
	const { space, connection } = useSession();
	const whereabouts = useWhereabouts(member);
	const near = member.you || (member.connected && connection === "connected");
	return (
		<li className={styles.person}>
			<Avatar name={member.name} colour={colourOf(space, member.device)} away={!near} />
			<div className={styles.text}>
				<bdi className={styles.name}>{member.you ? t("people.you", { name: member.name }) : member.name}</bdi>
				{member.official && <span className={styles.official}>{standing(member, t)}</span>}
				{!member.official && member.organisation && <bdi className={styles.note}>{member.organisation}</bdi>}
				<span className={styles.note}>
					{[t(`role.${member.role}`), whereabouts].filter(Boolean).join(" · ")}
				</span>
				{status && <Has status={status} />}
			</div>
		</li>
	);
}

function standing({ organisation }: Member, t: TFunction): string {
	return organisation ? t("people.officialOf", { organisation }) : t("people.official");
}

function useWhereabouts(member: Member): string {
	const { t } = useTranslation();
	const locale = useLocale();
	const { place, connection } = useSession();
	const { documents } = useDocuments();
	const here = usePresence().filter(({ device }) => device === member.device);
	if (member.you) return t("people.thisComputer");
	if (connection !== "connected") return ""; // Nobody knows.
	if (place.document && here.some(({ document }) => document === place.document)) {
		return t("people.hereInDocument");
	}
	const elsewhere = documents.find(({ id }) => here.some(({ document }) => document === id));
	if (elsewhere) return t("people.hereElsewhere", { title: elsewhere.title || t("document.untitled") });
	if (member.connected) return t("people.connected");
	if (member.lastSeen) return t("people.lastSeen", { time: formatTime(member.lastSeen, locale) });
	return t("people.never");
}

function Has({ status }: { status: MemberStatus }) {
	const { t } = useTranslation();
	const Icon = status.hasLatest ? Check : Clock;
	return (
		<span className={`${styles.state} ${status.hasLatest ? styles.has : styles.lacks}`}>
			<Icon aria-hidden />
			{status.hasLatest ? t("people.hasLatest") : t("people.notLatest")}
		</span>
	);
}
