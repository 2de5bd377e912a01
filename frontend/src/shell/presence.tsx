import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from "react";
import type { DeviceID, DocumentID, Here } from "../bridge";
import { formatList, useLocale, useTranslation } from "../i18n";
import { useAnnounce } from "../ui/announcer";
import { trigger, useLive } from "./live";
import { useSession } from "./session";

/** Somebody's window, without where exactly in the document. */
export interface Presence {
	readonly device: DeviceID;
	readonly name: string;
	readonly document: DocumentID;
}

const nobody: readonly Here[] = [];

const HereContext = createContext(nobody);
const PresenceContext = createContext<readonly Presence[]>(nobody);

/**
 * Who else has a window open in the present space, and in which document; a person with two windows is there
 * twice. The same list until somebody comes, goes or changes the document, however carets move.
 */
export function usePresence(): readonly Presence[] {
	return useContext(PresenceContext);
}

/** The others in one document, each device once. */
export function useOthersIn(document: DocumentID): readonly Presence[] {
	const all = usePresence();
	return useMemo(() => inDocument(all, document), [all, document]);
}

/**
 * The other windows in one document, also those of this device, with what they announced: another list with every
 * caret that moves.
 */
export function useAnnouncedIn(document: DocumentID): readonly Here[] {
	const all = useContext(HereContext);
	return useMemo(() => inDocument(all, document), [all, document]);
}

function inDocument<P extends Presence>(all: readonly P[], document: DocumentID): P[] {
	const seen = new Set<DeviceID>();
	return all.filter((here) => {
		if (here.document !== document || seen.has(here.device)) return false;
		seen.add(here.device);
		return true;
	});
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
	const windows = known ?? nobody;
	// Nobody is somebody else to themselves, however many windows they have. The text of it tells whether it is
	// another list.
	const text = JSON.stringify(
		windows
			.filter(({ device }) => device !== welcome.device)
			.map(({ device, name, document }) => ({ device, name, document })),
	);
	const presence = useMemo(() => JSON.parse(text) as Presence[], [text]);
	return (
		<PresenceContext value={presence}>
			<HereContext value={windows}>{children}</HereContext>
		</PresenceContext>
	);
}

/** Says who comes into the document and who leaves it, for those who do not see the row of people. */
export function useArrivals(others: readonly Presence[]): void {
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
		const names = (people: readonly Presence[]) =>
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
