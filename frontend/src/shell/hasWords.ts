import type { MemberStatus, Status } from "../bridge";
import { formatDay, formatTime, type TFunction } from "../i18n";

/** What a person has of the latest, and when that was known. */
export function hasWords(member: MemberStatus, t: TFunction, locale: string, now = new Date()): string {
	const what = whatWords(member, t, locale, now);
	if (member.connected || member.asOf === undefined || !member.known) return what;
	return t("has.asOf", { what, time: formatTime(member.asOf, locale, now) });
}

function whatWords(
	{ hasLatest, known, lacks }: MemberStatus,
	t: TFunction,
	locale: string,
	now: Date,
): string {
	if (hasLatest) return t("has.all");
	if (!known) return t("has.unknown");
	if (lacks === undefined) return t("has.lacks");
	return isToday(lacks, now) ? t("has.lacksToday") : t("has.lacksSince", { date: formatDay(lacks, locale) });
}

/** Whether what somebody lacks was all written today. */
export function isToday(time: string | undefined, now = new Date()): boolean {
	return time !== undefined && new Date(time).toDateString() === now.toDateString();
}

/** The people besides you: how many have the latest, and how many there are. */
export function portionOf({ members }: Status): { have: number; people: number } {
	const others = members.filter(({ you }) => !you);
	return { have: others.filter(({ hasLatest }) => hasLatest).length, people: others.length };
}

/** How many of the others have something, in words. */
export function portionWords(have: number, people: number, t: TFunction): string {
	if (have === people) return t("has.everyone");
	if (have === 0) return t("has.nobody");
	return t("has.some", { have, count: people });
}
