import type { Quarantined } from "../../bridge";
import { formatTime, type TFunction } from "../../i18n";
import { isolated } from "../people/personWords";

/** Who wrote it, with their organisation; where nobody knows, that. */
export function authorWords({ name, organisation }: Quarantined, t: TFunction): string {
	if (!name) return t("aside.somebody");
	return organisation ? t("aside.personOf", { name, organisation }) : name;
}

/** When it came: one time, or the first and the last. */
export function spanWords({ since, until }: Quarantined, locale: string, t: TFunction): string {
	const [first, last] = [formatTime(since, locale), formatTime(until, locale)];
	return first === last ? t("aside.came", { time: first }) : t("aside.cameBetween", { first, last });
}

/** How much it would add and take out: a lone letter says little, and what is only taken out shows no letter. */
export function effectWords({ does }: Quarantined, t: TFunction): string {
	if (does === undefined) return "";
	const { adds, takesOut } = does;
	const words = [
		adds > 0 && t("aside.adds", { count: adds }),
		takesOut > 0 && t("aside.takesOut", { count: takesOut }),
	];
	return words.filter((said) => said !== false).join(" ") || t("aside.noLetters");
}

/** Why it is not in the document: a sentence. */
export function reasonWords({ reason, name }: Quarantined, t: TFunction): string {
	const person = name ? isolated(name) : t("aside.somebody");
	switch (reason) {
		case "removed":
			return t("aside.removed", { name: person });
		case "role":
			return t("aside.role", { name: person });
		case "archived":
			return t("aside.archived");
		case "stranger":
			return t("aside.stranger");
		case "forked":
			return t("aside.forked", { name: person });
		case "unreadable":
		case "malformed":
			return t("aside.unreadable");
		case "signature":
		case "actor":
			return t("aside.unsigned");
		case "too-large":
			return t("aside.tooLarge");
		default:
			return t("aside.otherReason");
	}
}
