import { LogOut, Monitor, ShieldCheck, UserCog, UserMinus } from "lucide-react";
import type { ReactNode } from "react";
import type { Member, MemberDevice } from "../../bridge";
import { formatDay, formatTime, useLocale, useTranslation } from "../../i18n";
import { Avatar } from "../../ui/Avatar";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import { colourOf } from "../colour";
import { computerOf } from "../devices/names";
import { belongs, looksAfter } from "../rights";
import { useSession } from "../session";
import { ConfirmStanding } from "./ConfirmStanding";
import { Standing } from "./MemberRow";
import type { PersonStep, PersonStepProps } from "./PersonDialog";
import people from "./people.module.css";
import styles from "./person.module.css";
import { arrivalWords, isolated } from "./personWords";
import { useNear, useWhereabouts } from "./useWhereabouts";

interface PersonOverviewProps extends PersonStepProps {
	/** The step that somebody comes back from: the focus returns to what led there. */
	cameFrom: PersonStep;
}

/** What is known of a person, and what can be done about it. */
export function PersonOverview({ space, member, go, cameFrom }: PersonOverviewProps) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { openDialog } = useSession();
	const near = useNear(member);
	const whereabouts = useWhereabouts(member);
	const facilitator = looksAfter(space);
	return (
		<div className={styles.step}>
			<div className={styles.person}>
				<Avatar name={member.name} colour={colourOf(space, member.device)} away={!near} />
				<div className={people.text}>
					<span className={people.name}>{t(`role.${member.role}`)}</span>
					<Standing member={member} />
					{!member.official && member.organisation && (
						<bdi className={people.note}>{member.organisation}</bdi>
					)}
					{whereabouts && <span className={people.note}>{whereabouts}</span>}
				</div>
			</div>
			<dl className={styles.facts}>
				<Fact name={t("person.role")}>
					<p>{t(`roleHint.${member.role}`)}</p>
					{facilitator && (
						<Button icon={UserCog} autoFocus={cameFrom === "role"} onPress={() => go("role")}>
							{t("person.changeRole")}
						</Button>
					)}
				</Fact>
				{member.official && (
					<Fact name={t("person.standing")}>
						<ConfirmStanding space={space} member={member} />
					</Fact>
				)}
				<Fact name={t("person.since")}>{arrivalWords(member, t, locale)}</Fact>
				{!member.you && (
					<Fact name={t("person.verification")}>
						<p>{t(`person.verified.${member.verified}`)}</p>
						{belongs(space) && (
							<Button icon={ShieldCheck} onPress={() => openDialog("verify", member.device)}>
								{t("person.compare")}
							</Button>
						)}
					</Fact>
				)}
				<Fact name={t("person.devices")}>
					{member.devices.map((device) => (
						<DeviceLine key={device.device} device={device} member={member} />
					))}
					{member.you && <Button onPress={() => openDialog("devices")}>{t("devices.title")}</Button>}
				</Fact>
			</dl>
			{belongs(space) && (member.you || facilitator) && (
				<DialogActions>
					{member.you ? (
						<Button look="danger" icon={LogOut} autoFocus={cameFrom === "leave"} onPress={() => go("leave")}>
							{t("leave.leave")}
						</Button>
					) : (
						<Button
							look="danger"
							icon={UserMinus}
							autoFocus={cameFrom === "remove"}
							onPress={() => go("remove")}
						>
							{t("person.remove")}
						</Button>
					)}
				</DialogActions>
			)}
		</div>
	);
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
	return (
		<>
			<dt>{name}</dt>
			<dd>{children}</dd>
		</>
	);
}

function DeviceLine({ device, member }: { device: MemberDevice; member: Member }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { connection } = useSession();
	const { thisOne, connected, lastSeen, since, newSinceVerified } = device;
	const unnamed = member.devices.filter(({ label }) => label === "");
	const label = device.label || computerOf(isolated(member.name), unnamed.indexOf(device) + 1, t);
	const state = () => {
		if (thisOne) return t("people.thisComputer");
		if (connection !== "connected") return "";
		if (connected) return t("people.connected");
		if (lastSeen) return t("people.lastSeen", { time: formatTime(lastSeen, locale) });
		return member.you ? "" : t("people.never");
	};
	const words = [state(), t("person.deviceSince", { date: formatDay(since, locale) })].filter(Boolean);
	return (
		<div className={styles.device}>
			<Monitor aria-hidden />
			<div className={people.text}>
				<bdi className={people.name}>{label}</bdi>
				<span className={people.note}>{words.join(" · ")}</span>
				{newSinceVerified && <span className={people.changed}>{t("person.newDevice")}</span>}
			</div>
		</div>
	);
}
