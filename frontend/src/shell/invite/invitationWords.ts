import type { Invitation } from "../../bridge";
import { formatDay, formatDistance, type TFunction } from "../../i18n";
import { isolated } from "../people/personWords";

type Ending = Pick<Invitation, "withdrawn" | "used" | "uses" | "expires">;

function isExpired({ expires }: Pick<Invitation, "expires">, now: Date): boolean {
	return expires !== undefined && new Date(expires) < now;
}

/** Whether nobody can join with it any more. */
export function isOver(invitation: Ending, now: Date = new Date()): boolean {
	const { withdrawn, used, uses } = invitation;
	return withdrawn || used >= uses || isExpired(invitation, now);
}

/** Until when it lets people in, or why it does so no more. */
export function endingWords(
	invitation: Ending,
	t: TFunction,
	locale: string,
	now: Date = new Date(),
): string {
	const { withdrawn, used, uses, expires } = invitation;
	if (withdrawn) return t("invite.withdrawn");
	if (used >= uses) return t("invite.usedUp");
	if (expires === undefined) return t("invite.noEnd");
	const time = formatDistance(expires, locale, now);
	return isExpired(invitation, now) ? t("invite.endedAt", { time }) : t("invite.endsAt", { time });
}

/** Who made an invitation, and when. */
export function makerWords({ by, created }: Invitation, t: TFunction, locale: string): string {
	const date = formatDay(created, locale);
	return by ? t("invite.madeBy", { name: isolated(by), date }) : t("invite.made", { date });
}

/** The link that opens Parley with the code, where Parley is installed. */
export function linkOf(code: string): string {
	return `parley:${code}`;
}
