import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { I18nProvider } from "react-aria-components";
import type { Bridge, Connection, Person, Space, Welcome } from "../bridge";
import { Lending } from "../documents/lending";
import { setLanguage, useTranslation } from "../i18n";
import type { IndexReplica, Replica } from "../replica";
import { Announcer } from "../ui/announcer";
import { createNotices, Toasts } from "../ui/Toasts";
import { applyTextSize, followTheme } from "../ui/theme";
import { RECOVERED } from "./devices/DevicesDialog";
import { FirstStart } from "./FirstStart";
import { isLinkCode, useHanded } from "./handed";
import { Live, type LiveState, trigger, useLive } from "./live";
import { type Place, readPlace, writePlace } from "./place";
import { type Preferences, writePreferences } from "./preferences";
import { Opening, Refused, StartProblem } from "./Standby";
import styles from "./Standby.module.css";
import { type DialogName, type OpenDialog, type Session, SessionContext } from "./session";
import { isCarried } from "./stick/carriage";
import { DropHint } from "./stick/DropHint";
import { useDrop } from "./stick/useDrop";
import { UnlockScreen } from "./UnlockScreen";
import { Workspace } from "./Workspace";

interface AppProps {
	bridge: Bridge;
	initialPreferences: Preferences;
}

export function App({ bridge, initialPreferences }: AppProps) {
	const { t } = useTranslation();
	const [preferences, prefer] = usePreferences(initialPreferences);
	const [notices] = useState(createNotices);
	return (
		<I18nProvider locale={preferences.language}>
			<Announcer>
				<Gate bridge={bridge} preferences={preferences} prefer={prefer} notices={notices} />
				<Toasts notices={notices} label={t("app.notices")} closeLabel={t("app.close")} />
			</Announcer>
		</I18nProvider>
	);
}

type GateProps = Pick<Session, "bridge" | "preferences" | "prefer" | "notices">;

/** Somebody who has used Parley before is back on this device: with which spaces, and how. */
interface Returned {
	spaces: Space[];
	by: "link" | "recover";
}

/** Shows what fits: waiting, why there is nothing to show, the first question, or the work. */
function Gate({ bridge, preferences, prefer, notices }: GateProps) {
	const connection = useConnection(bridge);
	const { value: welcome, error, refresh } = useHello(bridge);
	const [named, setNamed] = useState<Person>();
	const [returned, setReturned] = useState<Returned>();
	const person = named ?? welcome?.person;
	const { handed, done } = useHanded(bridge, welcome !== undefined);
	const lock = connection === "locked" ? bridge.lock : undefined;
	const unlock = lock && <UnlockScreen {...{ bridge, lock, preferences, prefer }} />;
	if (welcome === undefined) {
		if (unlock) return unlock;
		if (connection === "refused") return <Refused />;
		return error === undefined || connection !== "connected" ? (
			<Opening lost={connection === "disconnected"} />
		) : (
			<StartProblem message={error.message} retry={refresh} />
		);
	}
	const parts = { bridge, connection, preferences, prefer, notices, setYou: setNamed };
	if (!person) {
		return (
			<FirstStart
				{...parts}
				handed={handed}
				onReturn={(linked, by) => {
					if (isLinkCode(handed)) done();
					setReturned({ spaces: linked.spaces, by });
					setNamed(linked.person);
				}}
			/>
		);
	}
	// What is open stays as it is while the device is locked: some of it may not be saved yet.
	return (
		<>
			<div className={styles.behind} inert={unlock !== undefined}>
				<SessionRoom
					{...parts}
					welcome={returned ? { ...welcome, spaces: returned.spaces } : welcome}
					you={person}
					first={returned?.by === "recover" ? { name: "devices", subject: RECOVERED } : undefined}
					handed={handed}
					takeHanded={done}
				/>
			</div>
			{unlock && <div className={styles.veil}>{unlock}</div>}
		</>
	);
}

/** Greets once: a second greeting would close what the window has open. */
function useHello(bridge: Bridge): LiveState<Welcome> & { refresh: () => void } {
	const [live] = useState(() => new Live(() => bridge.api.Hello()));
	// The first question has to wait for a connection that stands.
	useEffect(() => {
		live.refresh();
		return bridge.onConnection((state) => {
			if (state === "connected" && live.state.error !== undefined) live.refresh();
		});
	}, [bridge, live]);
	const state = useSyncExternalStore(live.subscribe, () => live.state);
	return { ...state, refresh: live.refresh };
}

interface SessionRoomProps extends GateProps, Pick<Session, "connection" | "welcome" | "you" | "setYou"> {
	/** The dialog to begin with. */
	first: OpenDialog | undefined;
	/** A code that waits to be asked about, and what to do once it is. */
	handed: string;
	takeHanded: () => void;
}

function SessionRoom({
	bridge,
	connection,
	welcome,
	you,
	setYou,
	preferences,
	prefer,
	notices,
	first,
	handed,
	takeHanded,
}: SessionRoomProps) {
	const [place, go] = usePlace(welcome.start ?? onlySpace(welcome));
	const [dialog, setDialog] = useState(first);
	const [lendings] = useState(() => ({
		indexes: new Lending<IndexReplica>(),
		replicas: new Lending<Replica>(),
	}));
	const { value: listed, refresh: refreshSpaces } = useLive(bridge, "spaces", () => bridge.api.Spaces(), [
		trigger("spaces"),
		trigger("network"),
	]);
	const { value: network, refresh: refreshNetwork } = useLive(bridge, "network", () => bridge.api.Network(), [
		trigger("network"),
	]);
	// A document that was left before all of it was saved: the browser asks before it closes the page.
	useEffect(() => {
		const ask = (event: BeforeUnloadEvent) => {
			if (lendings.replicas.saving || lendings.indexes.saving) event.preventDefault();
		};
		window.addEventListener("beforeunload", ask);
		return () => window.removeEventListener("beforeunload", ask);
	}, [lendings]);
	// A link is opened outside of the page, at any time; nothing comes of it before somebody says so in the dialog.
	useEffect(() => {
		if (handed === "") return;
		setDialog({ name: dialogFor(handed), subject: handed });
		takeHanded();
	}, [handed, takeHanded]);
	const dropped = useCallback((file: File) => setDialog({ name: "take-in", subject: undefined, file }), []);
	const over = useDrop(dropped);
	const spaces = listed ?? welcome.spaces;
	const offline = network?.offline ?? welcome.offline;
	const session = useMemo<Session>(() => {
		const space = spaces.find(({ id }) => id === place.space);
		return {
			bridge,
			connection,
			welcome,
			you,
			setYou,
			preferences,
			prefer,
			notices,
			spaces,
			offline,
			...lendings,
			refresh: () => {
				refreshSpaces();
				refreshNetwork();
			},
			space,
			place: space ? place : {},
			go,
			openDialog: (name, subject) => setDialog({ name, subject }),
		};
	}, [
		bridge,
		connection,
		welcome,
		you,
		setYou,
		preferences,
		prefer,
		notices,
		spaces,
		offline,
		lendings,
		refreshSpaces,
		refreshNetwork,
		place,
		go,
	]);
	return (
		<SessionContext value={session}>
			<Workspace dialog={dialog} closeDialog={() => setDialog(undefined)} />
			{over && <DropHint />}
		</SessionContext>
	);
}

/** What asks about something that was opened outside. */
function dialogFor(handed: string): DialogName {
	if (isCarried(handed)) return "take-in";
	return isLinkCode(handed) ? "use-link" : "join";
}

/** With one space there is nothing to choose. */
function onlySpace({ spaces }: Welcome): Place | undefined {
	const [space, ...more] = spaces;
	return space !== undefined && more.length === 0 ? { space: space.id } : undefined;
}

function usePlace(start: Place = {}): [Place, (place: Place) => void] {
	const [place, setPlace] = useState(() => {
		const kept = readPlace(sessionStorage, localStorage);
		return kept.space === undefined ? start : kept;
	});
	const go = useCallback((next: Place) => {
		writePlace(sessionStorage, localStorage, next);
		setPlace(next);
	}, []);
	return [place, go];
}

function useConnection(bridge: Bridge): Connection {
	return useSyncExternalStore(bridge.onConnection, () => bridge.connection);
}

function usePreferences(initial: Preferences): [Preferences, (change: Partial<Preferences>) => void] {
	const { i18n } = useTranslation();
	const [preferences, setPreferences] = useState(initial);
	const { theme, textSize, language } = preferences;
	// The document's root is outside of React: theme, text size and language are written to it.
	useEffect(() => followTheme(theme), [theme]);
	useEffect(() => applyTextSize(textSize), [textSize]);
	useEffect(() => {
		if (i18n.language !== language) void setLanguage(language);
	}, [language, i18n]);
	const prefer = useCallback((change: Partial<Preferences>) => {
		setPreferences((before) => {
			const after = { ...before, ...change };
			writePreferences(localStorage, after);
			return after;
		});
	}, []);
	return [preferences, prefer];
}
