import { TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Space } from "../bridge";
import { useTranslation } from "../i18n";
import { useAnnounce } from "../ui/announcer";
import { join } from "../ui/Button";
import { SideSheet } from "../ui/Dialog";
import { AsideScreen } from "./aside/AsideScreen";
import { DocumentScreen } from "./DocumentScreen";
import { DialogHost } from "./dialogs/DialogHost";
import { StatusProvider } from "./documentStatus";
import { DocumentsProvider } from "./documents";
import { Home } from "./Home";
import { Notices } from "./Notices";
import { PeoplePanel } from "./PeoplePanel";
import { PeopleScreen } from "./people/PeopleScreen";
import type { Page } from "./place";
import { PresenceProvider } from "./presence";
import { Sidebar } from "./Sidebar";
import { SpaceHome } from "./SpaceHome";
import { type OpenDialog, useSession } from "./session";
import { SpaceScreen } from "./space/SpaceScreen";
import { useSpaceNews } from "./spaceNews";
import { useRoom } from "./useRoom";
import { useShortcuts } from "./useShortcuts";
import styles from "./Workspace.module.css";

interface WorkspaceProps {
	dialog: OpenDialog | undefined;
	closeDialog: () => void;
}

/** The one screen: spaces on the left, the work in the middle, people beside it. */
export function Workspace({ dialog, closeDialog }: WorkspaceProps) {
	const { space, spaces } = useSession();
	useLanding(dialog);
	useSpaceNews(spaces, space?.id);
	return (
		<PresenceProvider>
			<DocumentsProvider key={space?.id ?? ""} space={space}>
				<StatusProvider>
					<Frame />
				</StatusProvider>
				{dialog && <DialogHost {...dialog} onClose={closeDialog} />}
			</DocumentsProvider>
		</PresenceProvider>
	);
}

export interface Panels {
	sidebar: Panel;
	people: Panel;
}

export interface Panel {
	shown: boolean;
	toggle: () => void;
}

function Frame() {
	const { t } = useTranslation();
	const { place, space, preferences, prefer } = useSession();
	const room = useRoom();
	const [over, setOver] = useState<"sidebar" | "people">();
	const start = room === "three" || room === "two";
	// Where the people are the work, they are not beside it as well.
	const beside = space !== undefined && (place.page !== "people" || place.document !== undefined);
	const end = room === "three" && beside;
	const panels: Panels = {
		sidebar: {
			shown: start ? preferences.sidebar : over === "sidebar",
			toggle: () => (start ? prefer({ sidebar: !preferences.sidebar }) : setOver("sidebar")),
		},
		people: {
			shown: beside ? (end ? preferences.people : over === "people") : true,
			toggle: () => {
				if (end) prefer({ people: !preferences.people });
				else if (beside) setOver("people");
			},
		},
	};
	useShortcuts(panels);
	useReturn(place.space, place.document ?? place.page, () => setOver(undefined));

	const sidebar = <Sidebar onHide={start ? panels.sidebar.toggle : () => setOver(undefined)} />;
	const people = space && <PeoplePanel onHide={end ? panels.people.toggle : () => setOver(undefined)} />;
	return (
		<div
			className={styles.frame}
			data-room={room}
			data-start={(start && panels.sidebar.shown) || undefined}
			data-end={(end && panels.people.shown) || undefined}
		>
			<SkipLinks people={end && panels.people.shown} />
			{start && panels.sidebar.shown && (
				<nav aria-label={t("sidebar.label")} tabIndex={-1} className={join(styles.side, styles.start)}>
					{sidebar}
				</nav>
			)}
			<main id="work" tabIndex={-1} className={styles.work}>
				<LostBanner />
				{place.document ? (
					<DocumentScreen key={place.document} document={place.document} panels={panels} room={room} />
				) : space ? (
					<SpacePage key={`${space.id} ${place.page}`} page={place.page} space={space} panels={panels} />
				) : (
					<Home panels={panels} />
				)}
				<Notices />
			</main>
			{end && panels.people.shown && (
				<aside
					id="people"
					aria-label={t("people.title")}
					tabIndex={-1}
					className={join(styles.side, styles.end)}
				>
					{people}
				</aside>
			)}
			{!start && over === "sidebar" && (
				<SideSheet
					side="start"
					label={t("sidebar.label")}
					full={room === "narrow"}
					onClose={() => setOver(undefined)}
				>
					{sidebar}
				</SideSheet>
			)}
			{!end && over === "people" && people && (
				<SideSheet
					side="end"
					label={t("people.title")}
					full={room === "narrow"}
					onClose={() => setOver(undefined)}
				>
					{people}
				</SideSheet>
			)}
		</div>
	);
}

interface SpacePageProps {
	page: Page | undefined;
	space: Space;
	panels: Panels;
}

function SpacePage({ page, ...props }: SpacePageProps) {
	switch (page) {
		case "people":
			return <PeopleScreen {...props} />;
		case "aside":
			return <AsideScreen {...props} />;
		case "about":
			return <SpaceScreen {...props} />;
		case undefined:
			return <SpaceHome {...props} />;
	}
}

/**
 * A dialog gives the focus back to what opened it. Where that has gone meanwhile, the focus lands on what the page
 * has about the same, which may have moved to another place of it, or else on the page's heading.
 */
function useLanding(dialog: OpenDialog | undefined): void {
	const opened = useRef(dialog);
	// The focus is the browser's.
	useEffect(() => {
		const closed = opened.current;
		opened.current = dialog;
		if (closed === undefined || dialog !== undefined) return;
		// The dialog asks for its own frame to give the focus back in, before this one.
		const frame = requestAnimationFrame(() => {
			if (document.activeElement !== document.body) return;
			const about = document.querySelector<HTMLElement>(
				`main [data-about="${CSS.escape(closed.subject ?? "")}"]`,
			);
			(about ?? document.querySelector<HTMLElement>("main h1[tabindex]"))?.focus();
		});
		return () => cancelAnimationFrame(frame);
	}, [dialog]);
}

/** A sheet that slid over goes when the person has gone somewhere with it. */
function useReturn(space: string | undefined, inside: string | undefined, close: () => void): void {
	const latest = useRef(close);
	latest.current = close;
	// biome-ignore lint/correctness/useExhaustiveDependencies: the place is what it answers to.
	useEffect(() => latest.current(), [space, inside]);
	// A link to where one is already changes no place, and is followed all the same.
	useEffect(() => {
		const followed = (event: MouseEvent) => {
			const link = event.target instanceof Element && event.target.closest("a[href], [role='link']");
			if (link) setTimeout(() => latest.current()); // once the link has been followed
		};
		window.addEventListener("click", followed, true);
		return () => window.removeEventListener("click", followed, true);
	}, []);
}

function SkipLinks({ people }: { people: boolean }) {
	const { t } = useTranslation();
	return (
		<div className={styles.skips}>
			<a href="#work">{t("app.skipToWork")}</a>
			{people && <a href="#people">{t("app.skipToPeople")}</a>}
		</div>
	);
}

function LostBanner() {
	const { t } = useTranslation();
	const { connection } = useSession();
	const announce = useAnnounce();
	const lost = connection !== "connected";
	const words = connection === "refused" ? t("connection.outdated") : t("connection.lost");
	const before = useRef(lost);
	// Speaking is an effect outside of the page's tree.
	useEffect(() => {
		if (lost) announce(words);
		else if (before.current) announce(t("connection.back"));
		before.current = lost;
	}, [lost, words, announce, t]);
	if (!lost) return null;
	return (
		<p className={styles.banner}>
			<TriangleAlert aria-hidden />
			{words}
		</p>
	);
}
