import type { Carried } from "../../bridge";
import { formatDay, type TFunction } from "../../i18n";
import { isolated } from "../people/personWords";

/** How much of something is done. */
export function percent(share: number, locale: string): string {
	return new Intl.NumberFormat(locale, { style: "percent" }).format(share);
}

/** What a file brought, in sentences: what is new first, then what is not as it should be. */
export function carriedWords(carried: Carried, t: TFunction, locale: string): string[] {
	const { by, made, name, joined, entries, updated, files, setAside, waiting, unreadable } = carried;
	const fresh = carried.new;
	const words = [
		t("carry.from", { name: isolated(by), date: formatDay(made, locale), space: isolated(name) }),
	];
	if (joined) words.push(t("carry.joined"));
	else if (entries > 0) words.push(t("carry.people"));
	if (updated > 0) words.push(t("carry.updated", { count: updated }));
	if (fresh > 0) words.push(t("carry.new", { count: fresh }));
	if (files > 0) words.push(t("carry.pictures", { count: files }));
	if (setAside > 0) words.push(t("carry.setAside", { count: setAside }));
	if (words.length === 1) words.push(t("carry.nothing"));
	if (waiting > 0) words.push(t("carry.waiting", { count: waiting }));
	for (const { what } of unreadable) words.push(t("carry.lacks", { what: isolated(what) }));
	return words;
}
