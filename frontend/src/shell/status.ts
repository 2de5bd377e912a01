import { type Connection, DISCONNECTED, type MemberStatus, type Status } from "../bridge";
import type { Saving } from "../documents";
import { formatList, type TFunction } from "../i18n";
import { isRefusal } from "../replica/commitQueue";
import { errorWords } from "./errorWords";
import { isToday } from "./hasWords";

export interface StatusInput {
	saving: Saving;
	connection: Connection;
	/** Undefined until the first answer. */
	status: Status | undefined;
	/** Whether this device is in the space; a copy that was left behind says nothing of the others. */
	member: boolean;
	/** More people than this are counted instead of named. */
	named: number;
}

export type Tone = "calm" | "waiting" | "problem";

export interface StatusWords {
	/** What has become of the work on this computer. */
	own: string;
	/** Who else has it; empty while that is not known. */
	others: string;
	tone: Tone;
}

/** The state of a document in plain words. Never says that all have it when only some do. */
export function statusWords(input: StatusInput, t: TFunction, locale: string): StatusWords {
	const { own, tone } = ownWords(input, t);
	return { own, tone, others: othersWords(input, t, locale) };
}

/** Whether this person may not write here any more, so that nothing is on its way. */
export function isRefused(saving: Saving): boolean {
	return saving.state === "failed" && isRefusal(saving.problem);
}

function ownWords({ saving, connection }: StatusInput, t: TFunction): { own: string; tone: Tone } {
	if (saving.state === "saved") return { own: t("status.saved"), tone: "calm" };
	if (connection !== "connected") return { own: t("status.disconnected"), tone: "problem" };
	if (saving.state === "saving" || saving.problem.code === DISCONNECTED) {
		return { own: t("status.saving"), tone: "waiting" };
	}
	if (isRefused(saving)) return { own: t("status.refused"), tone: "problem" };
	return { own: t("status.failed", { reason: errorWords(saving.problem, t) }), tone: "problem" };
}

function othersWords(
	{ status, connection, saving, member, named }: StatusInput,
	t: TFunction,
	locale: string,
): string {
	if (!member || status === undefined || connection !== "connected") return "";
	const { members, offline } = status;
	if (members.length === 0) return t("status.alone");
	// What is still on its way to the disk, nobody else has; the last answer speaks of the time before it.
	if (saving.state !== "saved") return "";
	const behind = members.filter((member) => !member.hasLatest);
	if (behind.length === 0) return t("status.everyone");
	if (offline) return t("status.offline");
	if (members.every((member) => !member.connected)) {
		if (behind.length > named) return t("status.nobody");
		return t("status.later", { count: behind.length, names: namesOf(behind, t, locale) });
	}
	const upToDate = members.filter((member) => member.hasLatest);
	const second = clause("behind", behind, named, t, locale);
	if (upToDate.length === 0) return t("status.sentence", { clause: second });
	return t("status.both", { first: clause("upToDate", upToDate, named, t, locale), second });
}

function clause(
	what: "behind" | "upToDate",
	members: readonly MemberStatus[],
	named: number,
	t: TFunction,
	locale: string,
): string {
	const count = members.length;
	// Who has yesterday's and not today's knows how far behind they are.
	const how = what === "behind" && members.every(lacksToday) ? "behindToday" : what;
	if (count > named) return t(`status.${how}Count`, { count });
	return t(`status.${how}`, { count, names: namesOf(members, t, locale) });
}

/** Whether somebody who is not here has everything but what was written today. */
function lacksToday({ connected, lacks }: MemberStatus): boolean {
	return !connected && isToday(lacks);
}

/** One's own other devices are no other people. */
function namesOf(members: readonly MemberStatus[], t: TFunction, locale: string): string {
	return formatList(
		members.map(({ you, name }) => (you ? t("status.yourOther") : name)),
		locale,
	);
}
