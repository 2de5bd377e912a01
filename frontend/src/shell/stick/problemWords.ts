import { toParleyError } from "../../bridge";
import type { TFunction } from "../../i18n";
import { errorWords } from "../errorWords";

/** What went wrong with a file on its way in, or out of here. */
export function problemWords(reason: unknown, t: TFunction, way: "in" | "out"): string {
	const { code } = toParleyError(reason);
	if (code === "stopped") return way === "in" ? t("carry.stoppedIn") : t("carry.stoppedOut");
	if (way === "in") return errorWords(reason, t);
	switch (code) {
		case "no-bundle":
		case "newer-file":
		case "not-for-us":
		case "broken-file":
		case "forged-file":
			return t("carry.earlierWrong");
		default:
			return errorWords(reason, t);
	}
}
