import { useEffect, useRef } from "react";
import type { Space } from "../bridge";
import { type TFunction, useTranslation } from "../i18n";
import { useAnnounce } from "../ui/announcer";
import { looksAfter } from "./rights";

/** What has changed about a space for the person in front of it, in sentences; empty where nothing has. */
export function newsOf(was: Space, now: Space, t: TFunction): string {
	const sentences: string[] = [];
	if (now.youWere && !was.youWere) sentences.push(t("thisSpace.stripGone"));
	else if (now.archived !== was.archived) {
		sentences.push(now.archived ? t("thisSpace.stripClosed") : t("thisSpace.reopened"));
	}
	if (now.role !== was.role && now.role !== "none") {
		sentences.push(t("space.yourRole", { role: t(`yourRole.${now.role}`) }));
	}
	if (looksAfter(now)) {
		if (now.requests > was.requests) sentences.push(`${t("requests.title", { count: now.requests })}.`);
		if (now.quarantined > was.quarantined) {
			sentences.push(`${t("aside.waits", { count: now.quarantined })}.`);
		}
	}
	return sentences.join(" ");
}

/** Says it to those who do not see the page change. */
export function useSpaceNews(space: Space | undefined): void {
	const { t } = useTranslation();
	const announce = useAnnounce();
	const before = useRef(space);
	// Speaking is an effect outside of the page's tree.
	useEffect(() => {
		const was = before.current;
		before.current = space;
		if (space === undefined || was?.id !== space.id) return;
		const news = newsOf(was, space, t);
		if (news !== "") announce(news);
	}, [space, announce, t]);
}
