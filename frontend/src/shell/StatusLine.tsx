import { Check, LoaderCircle, TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useLocale, useTranslation } from "../i18n";
import { useAnnounce } from "../ui/announcer";
import { isApple } from "../ui/keys";
import { Told } from "../ui/Told";
import styles from "./DocumentScreen.module.css";
import { useDocumentStatus } from "./documentStatus";
import { belongs } from "./rights";
import type { SavingState } from "./saving";
import { useSession } from "./session";
import { isRefused, type StatusWords, statusWords } from "./status";
import type { Room } from "./useRoom";
import { useSteady } from "./useSteady";
import { WhoHas } from "./WhoHas";

/** Who has the latest changes with every key of somebody; words that flicker are not read. */
const CALM_AFTER = 600;

interface StatusLineProps {
	saving: SavingState;
	room: Room;
}

/**
 * The state of the open document in plain words. It keeps its height, so that the text under it stays where it is
 * read; only trouble takes the room that it needs.
 */
export function StatusLine({ saving, room }: StatusLineProps) {
	const { t } = useTranslation();
	const { space } = useSession();
	const status = useDocumentStatus();
	const member = space !== undefined && belongs(space);
	const words = useStatusWords(saving, room);
	useSpokenTrouble(words);
	useSaveKey(words);
	const Icon = { calm: Check, waiting: LoaderCircle, problem: TriangleAlert }[words.tone];
	const sentence = `${words.own} ${words.others}`.trim();
	return (
		<section
			aria-label={t("status.label")}
			className={`${styles.status} ${styles[words.tone]}`}
			data-room={room}
		>
			<Icon aria-hidden />
			<p title={sentence}>
				<Told text={sentence} />
			</p>
			{status && member && <WhoHas status={status} />}
		</section>
	);
}

function useStatusWords(savingState: SavingState, room: Room): StatusWords {
	const { t } = useTranslation();
	const locale = useLocale();
	const { connection, space } = useSession();
	const status = useDocumentStatus();
	const saving = useSyncExternalStore(savingState.subscribe, savingState.getSnapshot);
	useKeptOpen(saving.state !== "saved" && !isRefused(saving));
	const member = space !== undefined && belongs(space);
	const named = room === "narrow" ? 1 : 3;
	const words = statusWords({ saving, connection, status, member, named }, t, locale);
	const key = `${words.tone} ${words.own} ${words.others}`;
	const wasCalm = useRef(true);
	const steady = useSteady(words, key, words.tone === "calm" && wasCalm.current ? CALM_AFTER : 0);
	// What comes after trouble or after saving is news, and waits no longer.
	useEffect(() => {
		wasCalm.current = steady.tone === "calm";
	}, [steady]);
	return steady;
}

/** While something is not on disk yet, the browser asks before it closes the page. */
function useKeptOpen(unsaved: boolean): void {
	// The browser asks the page itself.
	useEffect(() => {
		if (!unsaved) return;
		const ask = (event: BeforeUnloadEvent) => event.preventDefault();
		window.addEventListener("beforeunload", ask);
		return () => window.removeEventListener("beforeunload", ask);
	}, [unsaved]);
}

/** What went wrong with saving, and that it is right again, is said aloud; the rest is there to be read. */
function useSpokenTrouble(words: StatusWords): void {
	const announce = useAnnounce();
	const [spoken, setSpoken] = useState(false);
	const trouble = words.tone === "problem";
	// Speaking is an effect outside of the page's tree.
	useEffect(() => {
		if (trouble === spoken || (spoken && words.tone === "waiting")) return;
		setSpoken(trouble);
		announce(words.own);
	}, [trouble, spoken, words, announce]);
}

/** Whoever presses Ctrl+S out of habit gets what they ask for: it is saved at once, and said so. */
function useSaveKey(words: StatusWords): void {
	const { bridge } = useSession();
	const announce = useAnnounce();
	const [asked, setAsked] = useState(false);
	// The key works wherever the focus is.
	useEffect(() => {
		const listen = (event: KeyboardEvent) => {
			const mod = isApple() ? event.metaKey : event.ctrlKey;
			if (!mod || event.shiftKey || event.altKey || event.key.toLowerCase() !== "s") return;
			event.preventDefault();
			void bridge.pause();
			setAsked(true);
		};
		window.addEventListener("keydown", listen);
		return () => window.removeEventListener("keydown", listen);
	}, [bridge]);
	// Speaking is an effect outside of the page's tree.
	useEffect(() => {
		if (!asked || words.tone === "waiting") return;
		setAsked(false);
		announce(words.own);
	}, [asked, words, announce]);
}
