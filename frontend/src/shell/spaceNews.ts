import { useEffect, useRef } from "react";
import type { Space, SpaceID } from "../bridge";
import { type TFunction, useTranslation } from "../i18n";
import { useAnnounce } from "../ui/announcer";
import { isolated } from "./people/personWords";
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

/** Who asks to be let in since, in spaces that the person in front of it looks after and does not look at. */
export function newsElsewhere(
	was: readonly Space[],
	now: readonly Space[],
	here: SpaceID | undefined,
	t: TFunction,
): string {
	const sentences = now.filter(looksAfter).flatMap(({ id, name, requests }) => {
		const before = was.find((space) => space.id === id);
		if (id === here || before === undefined || requests <= before.requests) return [];
		return [
			t("requests.elsewhere", { space: isolated(name), requests: t("requests.title", { count: requests }) }),
		];
	});
	return sentences.join(" ");
}

/** Says both to those who do not see the page change. */
export function useSpaceNews(spaces: readonly Space[], here: SpaceID | undefined): void {
	const { t } = useTranslation();
	const announce = useAnnounce();
	const before = useRef({ spaces, here });
	// Speaking is an effect outside of the page's tree.
	useEffect(() => {
		const was = before.current;
		before.current = { spaces, here };
		const known = was.spaces.find(({ id }) => id === here && id === was.here);
		const open = spaces.find(({ id }) => id === here);
		const news = [
			known !== undefined && open !== undefined ? newsOf(known, open, t) : "",
			newsElsewhere(was.spaces, spaces, here, t),
		].filter(Boolean);
		if (news.length > 0) announce(news.join(" "));
	}, [spaces, here, announce, t]);
}
