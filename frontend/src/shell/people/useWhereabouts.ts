import type { Member } from "../../bridge";
import { formatTime, useLocale, useTranslation } from "../../i18n";
import { useDocuments } from "../documents";
import { usePresence } from "../presence";
import { belongs } from "../rights";
import { useSession } from "../session";

/** Whether a person can be reached now, as far as this window knows. */
export function useNear({ you, connected }: Member): boolean {
	const { connection, space } = useSession();
	return you || (connected && connection === "connected" && space !== undefined && belongs(space));
}

/** Where a person is now, or when they were last met; empty where nobody knows. */
export function useWhereabouts({ you, devices, connected, lastSeen }: Member): string {
	const { t } = useTranslation();
	const locale = useLocale();
	const { place, connection, space } = useSession();
	const { documents } = useDocuments();
	const here = usePresence().filter((one) => devices.some(({ device }) => device === one.device));
	if (you) return t("people.thisComputer");
	if (connection !== "connected" || !space || !belongs(space)) return "";
	if (place.document && here.some(({ document }) => document === place.document)) {
		return t("people.hereInDocument");
	}
	const elsewhere = documents.find(({ id }) => here.some(({ document }) => document === id));
	if (elsewhere) return t("people.hereElsewhere", { title: elsewhere.title || t("document.untitled") });
	if (connected) return t("people.connected");
	if (lastSeen) return t("people.lastSeen", { time: formatTime(lastSeen, locale) });
	return t("people.never");
}
