import type { Former, Member, Person, Request } from "../../bridge";
import { formatDay, type TFunction } from "../../i18n";

/** "Official, City council"; empty for who speaks for themselves. */
export function standingWords({ official, organisation }: Person, t: TFunction): string {
	if (!official) return "";
	return organisation
		? t("people.officialOf", { organisation: isolated(organisation) })
		: t("people.official");
}

/** Whether somebody has vouched for an official's standing; empty for who is none. */
export function confirmedWords({ official, confirmedBy }: Member, t: TFunction): string {
	if (!official) return "";
	return confirmedBy ? t("people.confirmedBy", { name: isolated(confirmedBy) }) : t("people.notConfirmed");
}

/** Who invited a person, who let them in, and when. */
export function arrivalWords(member: Member, t: TFunction, locale: string): string {
	const { invitedBy, admittedBy } = member;
	const date = formatDay(member.joined, locale);
	if (!invitedBy) return t("person.founded", { date });
	if (!admittedBy || admittedBy === invitedBy) {
		return t("person.invited", { name: isolated(invitedBy), date });
	}
	return t("person.invitedAndLetIn", { name: isolated(invitedBy), other: isolated(admittedBy), date });
}

/** When and how somebody went. */
export function goneWords({ left, by, at }: Former, t: TFunction, locale: string): string {
	const date = formatDay(at, locale);
	if (left) return t("people.leftOn", { date });
	return by ? t("people.removedBy", { name: isolated(by), date }) : t("people.removedOn", { date });
}

/** What somebody who wants to be let in says of themselves. */
export function requestWords(request: Request, t: TFunction, locale: string): string {
	const role = t(`asRole.${request.role}`);
	const date = formatDay(request.at, locale);
	return request.invitedBy
		? t("requests.wants", { role, name: isolated(request.invitedBy), date })
		: t("requests.wantsByNobody", { role, date });
}

/** A name of whatever script, which turns the sentence around it no other way. */
export function isolated(text: string): string {
	return `\u2068${text}\u2069`;
}
