import { useEffect, useMemo, useRef, useState } from "react";
import type { Role, Space } from "../../bridge";
import { useLocale, useTranslation } from "../../i18n";
import { useAnnounce } from "../../ui/announcer";
import { Button } from "../../ui/Button";
import { Picker, SearchField } from "../../ui/Field";
import page from "../Page.module.css";
import { roles } from "../rights";
import { byRole, findMembers, firstOf, type Wanted } from "./filter";
import { MemberRow } from "./MemberRow";
import styles from "./people.module.css";

/** So many are drawn at once: a page that a thousand people are on stays quick, and short to read through. */
export const PAGE = 60;

/** From so many on there is something to look for. */
const MANY = 9;

const everybody: Wanted = { text: "", role: "all" };

/** The members by role and name; a field to find some of many. */
export function MemberList({ space }: { space: Space }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const [wanted, setWanted] = useState(everybody);
	const { members } = space;
	const found = useMemo(() => findMembers(members, wanted), [members, wanted]);
	const groups = useMemo(() => byRole(found, locale), [found, locale]);
	const { shown, more, list } = usePaged(found.length, `${wanted.text} ${wanted.role}`);
	useSpokenCount(wanted, found.length);
	const present = roles.filter((role) => members.some((member) => member.role === role));
	const looksFor = wanted.text !== "" || wanted.role !== "all";
	return (
		<section aria-labelledby="members" className={`${page.sheet} ${styles.members}`}>
			<h2 id="members" className="visually-hidden">
				{t("people.members")}
			</h2>
			{members.length >= MANY && (
				<div className={styles.search}>
					<SearchField
						label={t("people.find")}
						placeholder={t("people.findHint")}
						clearLabel={t("people.findClear")}
						value={wanted.text}
						onChange={(text) => setWanted({ ...wanted, text })}
					/>
					<Picker
						label={t("people.withRole")}
						options={[
							{ value: "all" as Wanted["role"], label: t("people.allRoles") },
							...present.map((value) => ({ value, label: t(`role.${value}`) })),
						]}
						value={wanted.role}
						onChange={(role) => setWanted({ ...wanted, role })}
					/>
				</div>
			)}
			{found.length === 0 && (
				<div className={styles.none}>
					<p>{t("people.nobodyFound")}</p>
					<Button onPress={() => setWanted(everybody)}>{t("people.showAll")}</Button>
				</div>
			)}
			<div ref={list}>
				{firstOf(groups, shown).map((group) => (
					<Group
						key={group.role}
						role={group.role}
						members={group.members}
						all={groups.find(({ role }) => role === group.role)?.members.length ?? 0}
						space={space}
					/>
				))}
			</div>
			{found.length > shown && (
				<div className={styles.more}>
					<Button onPress={more}>
						{t("people.showMore", { count: Math.min(PAGE, found.length - shown) })}
					</Button>
					<p className={styles.note}>{t("people.shownOf", { shown, count: found.length })}</p>
				</div>
			)}
			{looksFor && found.length > 0 && found.length <= shown && (
				<p className={styles.note}>{t("people.found", { count: found.length })}</p>
			)}
		</section>
	);
}

interface GroupProps {
	role: Role;
	members: Space["members"];
	/** How many there are with the role, whether they are drawn or not. */
	all: number;
	space: Space;
}

function Group({ role, members, all, space }: GroupProps) {
	const { t } = useTranslation();
	const id = `role-${role}`;
	return (
		<section aria-labelledby={id} className={styles.group}>
			<h3 id={id} className={styles.role}>
				{t(`rolePlural.${role}`, { count: all })}
			</h3>
			<ul className={styles.rows}>
				{members.map((member) => (
					<li key={member.device} className={styles.entry}>
						<MemberRow member={member} space={space} />
					</li>
				))}
			</ul>
		</section>
	);
}

/** How many are drawn. Whoever asks for more goes on at the first of them. */
function usePaged(count: number, looked: string) {
	const { t } = useTranslation();
	const announce = useAnnounce();
	const list = useRef<HTMLDivElement>(null);
	const [paged, setPaged] = useState({ looked, shown: PAGE });
	const [from, setFrom] = useState<number>();
	if (paged.looked !== looked) setPaged({ looked, shown: PAGE });
	const shown = paged.looked === looked ? paged.shown : PAGE;
	// The focus is the browser's.
	useEffect(() => {
		if (from === undefined) return;
		list.current?.querySelectorAll<HTMLElement>("li [role=link]")[from]?.focus();
		setFrom(undefined);
	}, [from]);
	const more = () => {
		setPaged({ looked, shown: shown + PAGE });
		setFrom(shown);
		announce(t("people.shownOf", { shown: Math.min(shown + PAGE, count), count }));
	};
	return { shown, more, list };
}

/** Says how many were found, once somebody has stopped typing. */
function useSpokenCount(wanted: Wanted, count: number): void {
	const { t } = useTranslation();
	const announce = useAnnounce();
	const before = useRef(wanted);
	// Speaking is an effect outside of the page's tree.
	useEffect(() => {
		if (before.current === wanted) return;
		before.current = wanted;
		announce(count === 0 ? t("people.nobodyFound") : t("people.found", { count }));
	}, [wanted, count, announce, t]);
}
