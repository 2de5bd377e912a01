import { useCallback } from "react";
import { type Bridge, toParleyError } from "../../bridge";
import { useTranslation } from "../../i18n";
import { errorWords } from "../errorWords";

/** The codes of what cannot be used any more. */
const over: ReadonlySet<string> = new Set(["expired", "used-up", "withdrawn", "not-invited"]);

/** What the words are for. */
export type WordsFor = "link" | "sheet";

/**
 * Says what went wrong with a code or with words that somebody typed: which word is not one, and which was perhaps
 * meant. Whatever has another reason is said as everywhere.
 */
export function useWordsProblem(
	bridge: Bridge,
): (reason: unknown, typed: string, use: WordsFor) => Promise<string> {
	const { t } = useTranslation();
	return useCallback(
		async (reason, typed, use) => {
			const { code } = toParleyError(reason);
			if (code === "unreachable") return t(use === "link" ? "devices.useUnreachable" : "recover.unreachable");
			if (over.has(code)) return t(use === "link" ? "devices.useExpired" : "recover.unreachable");
			if (code !== "malformed") return errorWords(reason, t);
			const problem = await bridge.api.CheckWords(typed).catch(() => undefined);
			if (problem === undefined || problem.right) return t("devices.useMalformed");
			if (/^\s*parley/i.test(typed)) return t("devices.useMalformed");
			const { position, word, nearest, count, want } = problem;
			if (want > 0) return t("recover.wrongCount", { count, want });
			if (position === 0) return t("recover.wrongOrder");
			return nearest === ""
				? t("recover.wrongWord", { number: position, word })
				: t("recover.nearWord", { number: position, word, nearest });
		},
		[bridge, t],
	);
}
