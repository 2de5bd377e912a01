import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from "react";
import type { DocumentID, Here } from "../bridge";
import { formatList, useLocale, useTranslation } from "../i18n";
import { useAnnounce } from "../ui/announcer";
import { trigger, useLive } from "./live";
import { useSession } from "./session";

const PresenceContext = createContext<readonly Here[]>([]);

/** Who else has a window open in the present space, and where; a person with two windows is there twice. */
export function usePresence(): readonly Here[] {
	return useContext(PresenceContext);
}

/** The others in one document, each device once. */
export function useOthersIn(document: DocumentID | undefined): readonly Here[] {
	const all = usePresence();
	return useMemo(() => {
		const seen = new Set<string>();
		return all.filter((here) => {
			if (here.document !== document || seen.has(here.device)) return false;
			seen.add(here.device);
			return true;
		});
	}, [all, document]);
}

export function PresenceProvider({ children }: { children: ReactNode }) {
	const { bridge, connection, space, welcome } = useSession();
	const id = space?.id ?? "";
	const { value } = useLive(bridge, `here ${id}`, async () => (id === "" ? [] : await bridge.api.Here(id)), [
		trigger("here", (data) => data.space === id),
		trigger("network"),
	]);
	// Without a connection nobody knows who is here now.
	const known = connection === "connected" ? value : undefined;
	const others = useMemo(
		() => (known ?? []).filter((here) => here.device !== welcome.device),
		[known, welcome.device],
	);
	return <PresenceContext value={others}>{children}</PresenceContext>;
}

/** Says who comes into the document and who leaves it, for those who do not see the row of people. */
export function useArrivals(others: readonly Here[]): void {
	const { t } = useTranslation();
	const locale = useLocale();
	const announce = useAnnounce();
	const before = useRef(others);
	// Speaking is an effect outside of the page's tree.
	useEffect(() => {
		const was = before.current;
		before.current = others;
		const came = others.filter(({ device }) => !was.some((other) => other.device === device));
		const left = was.filter(({ device }) => !others.some((other) => other.device === device));
		const names = (people: readonly Here[]) =>
			formatList(
				people.map(({ name }) => name),
				locale,
			);
		const sentences = [
			came.length > 0 && t("document.arrived", { names: names(came) }),
			left.length > 0 && t("document.left", { names: names(left) }),
		].filter(Boolean);
		if (sentences.length > 0) announce(sentences.join(" "));
	}, [others, announce, t, locale]);
}
