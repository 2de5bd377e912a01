import { type LeftOut, toParleyError } from "../../bridge";
import type { TFunction } from "../../i18n";
import { errorWords } from "../errorWords";
import type { Ending } from "./formats";

const CODES = [
	"broken",
	"macros",
	"objects",
	"pictures",
	"outside",
	"missing",
	"links",
	"tables",
	"merged",
	"inner",
	"cells",
	"captions",
	"notes",
	"comments",
	"revisions",
	"running",
	"boxes",
	"hidden",
	"nesting",
	"formatting",
	"kinds",
	"language",
	"characters",
	"titles",
	"numbering",
] as const;

type Code = (typeof CODES)[number];

const isCode = (code: string): code is Code => (CODES as readonly string[]).includes(code);

/** What of a file or a document was not kept, in sentences. */
export function leftWords(left: readonly LeftOut[], t: TFunction, locale: string): string[] {
	const number = new Intl.NumberFormat(locale);
	return left.map(({ code, count, sentence }) =>
		isCode(code) ? t(`paper.left.${code}`, { number: number.format(count) }) : sentence,
	);
}

/** Why no document could be made of a file. */
export function importProblem(reason: unknown, t: TFunction): string {
	switch (toParleyError(reason).code) {
		case "stopped":
			return t("paper.stopped");
		case "too-large":
			return t("paper.tooLarge");
		case "unreadable":
			return t("paper.unreadable");
		case "timeout":
			return t("paper.timeout");
		case "invalid":
			return t("paper.otherKind");
		default:
			return errorWords(reason, t);
	}
}

/** Why a document could not be saved as a file. */
export function saveProblem(reason: unknown, t: TFunction, ending: Ending): string {
	const { code } = toParleyError(reason);
	return code === "invalid" && ending === "pdf" ? t("paper.otherScript") : errorWords(reason, t);
}
