import { Check, LoaderCircle, PanelLeft, PanelRight, TriangleAlert } from "lucide-react";
import { type ComponentType, lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import type { DeviceID, DocumentID } from "../bridge";
import { type DocumentProps, kindOf, type Saving } from "../documents";
import { useLocale, useTranslation } from "../i18n";
import { AvatarRow } from "../ui/Avatar";
import { useAnnounce } from "../ui/announcer";
import { Button, IconButton } from "../ui/Button";
import { colourOf } from "./colour";
import styles from "./DocumentScreen.module.css";
import { useDocuments } from "./documents";
import { ErrorBoundary } from "./ErrorBoundary";
import { errorWords } from "./errorWords";
import { trigger, useLive } from "./live";
import { useArrivals, useOthersIn } from "./presence";
import { useSession } from "./session";
import { type StatusWords, statusWords } from "./status";
import { TitleField } from "./TitleField";
import { useAnnouncePlace } from "./useAnnouncePlace";
import { usePageTitle } from "./usePageTitle";
import type { Room } from "./useRoom";
import { useSteady } from "./useSteady";
import type { Panels } from "./Workspace";

interface DocumentScreenProps {
	document: DocumentID;
	panels: Panels;
	room: Room;
}

/** The work: one quiet bar with title, state and people, and the document under it. */
export function DocumentScreen({ document, panels, room }: DocumentScreenProps) {
	const { t } = useTranslation();
	const { space, place } = useSession();
	const { documents, state } = useDocuments();
	const listed = documents.find(({ id }) => id === document);
	const [saving, setSaving] = useState<Saving>({ state: "saved" });
	const others = useOthersIn(document);
	const announcePlace = useAnnouncePlace(space?.id ?? "", document);
	const words = useStatusWords(document, saving, room);
	useArrivals(others);
	useSpokenTrouble(words);
	useKeptOpen(saving.state !== "saved");
	usePageTitle(listed?.title || t("document.untitled"), space?.name);

	return (
		<>
			<header className={styles.bar} data-room={room}>
				{!panels.sidebar.shown && (
					<IconButton
						icon={PanelLeft}
						mirrored
						label={t("sidebar.show")}
						onPress={panels.sidebar.toggle}
						className={styles.nav}
					/>
				)}
				<TitleField document={listed} fresh={place.fresh === true} />
				<StatusLine words={words} />
				<div className={styles.tools}>
					{others.length > 0 && (
						<AvatarRow
							label={t("document.hereLabel")}
							people={others.map(({ device, name }) => ({
								id: device,
								name,
								colour: colourOf(space, device),
							}))}
							most={room === "narrow" ? 2 : 4}
							more={(count) => t("document.more", { count })}
						/>
					)}
					{!panels.people.shown && (
						<IconButton icon={PanelRight} mirrored label={t("people.show")} onPress={panels.people.toggle} />
					)}
				</div>
			</header>
			<div className={styles.body}>
				{listed ? (
					<Body
						kind={listed.kind}
						document={document}
						others={others}
						autoFocus={place.fresh !== true}
						onSaving={setSaving}
						announce={announcePlace}
					/>
				) : (
					<Message>{state === "loading" ? t("document.loading") : t("document.missing")}</Message>
				)}
			</div>
		</>
	);
}

type BodyProps = Pick<DocumentProps, "document" | "others" | "autoFocus" | "onSaving" | "announce"> & {
	kind: string;
};

function Body({ kind, ...props }: BodyProps) {
	const { t } = useTranslation();
	const { bridge, space, you } = useSession();
	const Component = useKind(kind);
	const colour = useCallback((device: DeviceID) => colourOf(space, device), [space]);
	if (space === undefined) return null;
	if (Component === undefined) return <Message>{t("document.unknownKind")}</Message>;
	return (
		<ErrorBoundary
			fallback={(error, retry) => (
				<Message title={t("document.problemTitle")}>
					<p>{errorWords(error, t)}</p>
					<Button onPress={retry}>{t("app.retry")}</Button>
				</Message>
			)}
		>
			<Suspense fallback={<Message>{t("document.loading")}</Message>}>
				<Component bridge={bridge} space={space.id} you={you} colourOf={colour} {...props} />
			</Suspense>
		</ErrorBoundary>
	);
}

const loaded = new Map<string, ComponentType<DocumentProps>>();

/** The component of a kind, fetched once however often documents of that kind are opened. */
function useKind(kind: string): ComponentType<DocumentProps> | undefined {
	return useMemo(() => {
		const { load } = kindOf(kind);
		if (load === undefined) return undefined;
		const component = loaded.get(kind) ?? lazy(load);
		loaded.set(kind, component);
		return component;
	}, [kind]);
}

function Message({ title, children }: { title?: string; children: React.ReactNode }) {
	return (
		<div className={styles.message} role="status">
			{title && <h2>{title}</h2>}
			{children}
		</div>
	);
}

/** Typing goes from saved to saving and back many times a second; words that flicker are not read. */
const CALM_AFTER = 600;

function useStatusWords(document: DocumentID, saving: Saving, room: Room): StatusWords {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge, space, connection } = useSession();
	const id = space?.id ?? "";
	const { value: status } = useLive(
		bridge,
		`status ${id} ${document}`,
		() => bridge.api.Status(id, document),
		[
			trigger("status", (data) => data.space === id),
			trigger("moved", (data) => data.document === document),
			trigger("network"),
			trigger("spaces"),
		],
	);
	const named = room === "narrow" ? 1 : 3;
	const words = statusWords({ saving, connection, status, named }, t, locale);
	const key = `${words.tone} ${words.own} ${words.others}`;
	return useSteady(words, key, words.tone === "calm" ? CALM_AFTER : 0);
}

function StatusLine({ words }: { words: StatusWords }) {
	const { t } = useTranslation();
	const Icon = { calm: Check, waiting: LoaderCircle, problem: TriangleAlert }[words.tone];
	return (
		<section aria-label={t("status.label")} className={`${styles.status} ${styles[words.tone]}`}>
			<Icon aria-hidden />
			<p>
				{words.own} {words.others}
			</p>
		</section>
	);
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
