import type { Absent } from "../../bridge";
import { formatList, type TFunction } from "../../i18n";
import { isolated } from "../people/personWords";
import type { Ended } from "./useExport";

const reasons = {
	unreachable: "thisSpace.absentUnreachable",
	slow: "thisSpace.absentSlow",
	offline: "thisSpace.absentOffline",
	outside: "thisSpace.absentOutside",
	"no-room": "thisSpace.absentNoRoom",
} as const;

/** What to say of a space that was saved as a file: where it is, or what is missing in it and what to do. */
export function exportWords({ file, how }: Ended, t: TFunction, locale: string): string {
	if (how.absent.length === 0 && how.lacks === 0) {
		return file === "" ? t("thisSpace.exported") : t("thisSpace.exportedTo", { file });
	}
	const missing = how.absent.flatMap((absent) => [
		t("thisSpace.exportAbsent", { count: absent.files }),
		whyWords(absent, t, locale),
	]);
	return [t("thisSpace.exportSaved"), ...missing, t("thisSpace.exportLacks")].join(" ");
}

function whyWords({ why, who }: Absent, t: TFunction, locale: string): string {
	if (why !== "unreachable" || who.length === 0) return t(reasons[why]);
	return t("thisSpace.absentUnreachableWho", { names: formatList(who.map(isolated), locale) });
}
