import type { Notice } from "../bridge";
import type { TFunction } from "../i18n";
import type { Place } from "./place";

/** What happened, and what to do. A value that is missing is left out of the sentence as best it can be. */
export function noticeWords({ code, values }: Notice, t: TFunction): string {
	const person = values.person ? isolated(values.person) : t("notice.somebody");
	const count = Number.parseInt(values.count ?? "", 10) || 1;
	const changes = t("notice.changes", { count });
	const space = isolated(values.space ?? "");
	const file = isolated(values.file ?? values.files ?? "");
	switch (code) {
		case "forked":
			return values.own ? t("notice.forkedOwn", { changes }) : t("notice.forked", { person, changes });
		case "copied":
			return t("notice.copied");
		case "set-aside":
			return t("notice.setAside", { person, changes });
		case "damaged":
			return [
				t("notice.damaged", { what: file || t("notice.records", { count }) }),
				gaps(values.gaps, t),
			].join("");
		case "settings-aside":
			return t("notice.settingsAside", { file });
		case "restored":
			return t("notice.restored", { file });
		case "admitted":
			return t("notice.admitted", { space });
		case "declined":
			return t("notice.declined", { space });
		case "unanswered":
			return t("notice.unanswered", { space });
		case "device-linked":
			return values.device
				? t("notice.deviceLinked", { device: isolated(values.device) })
				: t("notice.deviceLinkedUnnamed");
		default:
			return t("notice.other");
	}
}

/** Whether somebody who is at a place sees there what the notice says, so that it has done its work. */
export function isSeenAt({ code, space }: Notice, place: Place): boolean {
	return code === "admitted" && space !== undefined && space === place.space;
}

/** Whether anything is missing since, where that was found out. */
function gaps(found: string | undefined, t: TFunction): string {
	const count = Number.parseInt(found ?? "", 10);
	if (Number.isNaN(count)) return "";
	return ` ${count === 0 ? t("notice.noGaps") : t("notice.gaps", { count })}`;
}

/** Text of whatever script, which turns the sentence around it no other way. */
function isolated(text: string): string {
	return text === "" ? "" : `\u2068${text}\u2069`;
}
