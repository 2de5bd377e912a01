import { PanelRight } from "lucide-react";
import { memo, Suspense, useCallback, useState } from "react";
import type { DeviceID, DocumentID } from "../bridge";
import { type DocumentProps, kindOf } from "../documents";
import { useTranslation } from "../i18n";
import { AvatarRow } from "../ui/Avatar";
import { Button, IconButton } from "../ui/Button";
import { Told } from "../ui/Told";
import { colourOf } from "./colour";
import styles from "./DocumentScreen.module.css";
import { useDocuments } from "./documents";
import { ErrorBoundary } from "./ErrorBoundary";
import { errorWords } from "./errorWords";
import { useAnnouncedIn, useArrivals, useOthersIn } from "./presence";
import { mayWrite } from "./rights";
import { ShowSidebar } from "./ShowSidebar";
import { StatusLine } from "./StatusLine";
import { SavingState } from "./saving";
import { useSession } from "./session";
import { DocumentMenu } from "./shelf/DocumentMenu";
import { ShelfStrip } from "./shelf/ShelfStrip";
import { ClosedStrip, isClosed } from "./space/ClosedStrip";
import { TitleField } from "./TitleField";
import { useAnnouncePlace } from "./useAnnouncePlace";
import { usePageTitle } from "./usePageTitle";
import type { Room } from "./useRoom";
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
	const [saving] = useState(() => new SavingState());
	const others = useOthersIn(document);
	const announcePlace = useAnnouncePlace(space?.id ?? "", document);
	useArrivals(others);
	usePageTitle(listed?.title || t("document.untitled"), space?.name);

	return (
		<>
			<header className={styles.bar} data-room={room}>
				<ShowSidebar panels={panels} className={styles.nav} />
				<TitleField document={listed} fresh={place.fresh === true} />
				<StatusLine saving={saving} room={room} />
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
					{space && listed && <DocumentMenu document={listed} writer={mayWrite(space)} />}
					{!panels.people.shown && (
						<IconButton icon={PanelRight} mirrored label={t("people.show")} onPress={panels.people.toggle} />
					)}
				</div>
			</header>
			{space && <ClosedStrip space={space} />}
			{space && listed?.archived && <ShelfStrip space={space} document={listed} onBack={focusHeading} />}
			<div className={styles.body}>
				{listed ? (
					<Body
						kind={listed.kind}
						archived={listed.archived}
						document={document}
						autoFocus={place.fresh !== true}
						onSaving={saving.set}
						announce={announcePlace}
					/>
				) : (
					<Message>{state === "loading" ? t("document.loading") : t("document.missing")}</Message>
				)}
			</div>
		</>
	);
}

type BodyProps = Pick<DocumentProps, "document" | "archived" | "autoFocus" | "onSaving" | "announce"> & {
	kind: string;
};

/** Drawn anew only when something in it changes: what stands around it does so with every key. */
const Body = memo(function Body({ kind, ...props }: BodyProps) {
	const { t } = useTranslation();
	const { bridge, replicas, space, you } = useSession();
	const { Component } = kindOf(kind);
	const others = useAnnouncedIn(props.document);
	const colour = useCallback((device: DeviceID) => colourOf(space, device), [space]);
	if (space === undefined) return null;
	if (Component === undefined) return <Message>{t("document.unknownKind")}</Message>;
	return (
		<ErrorBoundary
			fallback={(error, retry) => (
				<Message title={t("document.problemTitle")}>
					<p>
						<Told text={errorWords(error, t)} />
					</p>
					<Button onPress={retry}>{t("app.retry")}</Button>
				</Message>
			)}
		>
			<Suspense fallback={<Message>{t("document.loading")}</Message>}>
				<Component
					bridge={bridge}
					replicas={replicas}
					space={space.id}
					you={you}
					colourOf={colour}
					others={others}
					mayWrite={mayWrite(space)}
					explained={props.archived || isClosed(space)}
					{...props}
				/>
			</Suspense>
		</ErrorBoundary>
	);
});

/** What had the focus has gone; whoever listens hears where they are. */
function focusHeading(): void {
	globalThis.document.querySelector<HTMLElement>("main h1")?.focus();
}

function Message({ title, children }: { title?: string; children: React.ReactNode }) {
	return (
		<div className={styles.message} role="status">
			{title && <h2>{title}</h2>}
			{children}
		</div>
	);
}
