import { FilePlus2, PanelLeft, PanelRight, UserPlus } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Space } from "../bridge";
import { kindOf } from "../documents";
import { formatDate, useLocale, useTranslation } from "../i18n";
import { Button, IconButton, PlaceLink } from "../ui/Button";
import { SheetDrawing } from "../ui/Drawing";
import { type ListedDocument, useDocuments } from "./documents";
import styles from "./Page.module.css";
import { mayInvite, mayWrite } from "./rights";
import { useSession } from "./session";
import { useAnnouncePlace } from "./useAnnouncePlace";
import { useCreateDocument } from "./useCreateDocument";
import { usePageTitle } from "./usePageTitle";
import type { Panels } from "./Workspace";

/** A space's own page: its documents, or what to do first. */
export function SpaceHome({ space, panels }: { space: Space; panels: Panels }) {
	const { t } = useTranslation();
	const { openDialog } = useSession();
	const create = useCreateDocument();
	const { documents, state } = useDocuments();
	const heading = useRef<HTMLHeadingElement>(null);
	usePageTitle(space.name);
	useAnnouncePlace(space.id);
	// Whoever goes to another space hears where they are.
	useEffect(() => heading.current?.focus(), []);
	const writer = mayWrite(space.role);
	return (
		<div className={styles.scroll}>
			<div className={styles.top}>
				{!panels.sidebar.shown && (
					<IconButton icon={PanelLeft} mirrored label={t("sidebar.show")} onPress={panels.sidebar.toggle} />
				)}
				{!panels.people.shown && (
					<IconButton
						icon={PanelRight}
						mirrored
						label={t("people.show")}
						onPress={panels.people.toggle}
						className={styles.atEnd}
					/>
				)}
			</div>
			<div className={styles.column}>
				<div>
					<h1 ref={heading} tabIndex={-1} className={styles.title}>
						<bdi>{space.name}</bdi>
					</h1>
					<p className={styles.intro}>
						{t("space.members", { count: space.members.length })} ·{" "}
						{space.role === "none"
							? t("space.notCounted")
							: t("space.yourRole", { role: t(`yourRole.${space.role}`) })}
					</p>
				</div>
				{documents.length > 0 && (
					<div className={styles.bar}>
						{writer && (
							<Button look="primary" icon={FilePlus2} onPress={create}>
								{t("space.newDocument")}
							</Button>
						)}
						{mayInvite(space.role) && (
							<Button icon={UserPlus} onPress={() => openDialog("invite")}>
								{t("space.invite")}
							</Button>
						)}
					</div>
				)}
				{state === "loading" && <p className={styles.quiet}>{t("space.loading")}</p>}
				{state === "waiting" && <p className={styles.quiet}>{t("space.waiting")}</p>}
				{state === "failed" && <p className={styles.quiet}>{t("space.problem")}</p>}
				{state === "ready" && documents.length === 0 && <NoDocuments writer={writer} create={create} />}
				{documents.length > 0 && <DocumentList space={space} documents={documents} />}
				{space.members.length === 1 && mayInvite(space.role) && <Alone />}
			</div>
		</div>
	);
}

function NoDocuments({ writer, create }: { writer: boolean; create: () => void }) {
	const { t } = useTranslation();
	if (!writer) return <p className={`${styles.sheet} ${styles.quiet}`}>{t("space.emptyReader")}</p>;
	return (
		<section className={`${styles.sheet} ${styles.empty}`}>
			<div className={styles.drawing}>
				<SheetDrawing />
			</div>
			<h2>{t("space.emptyTitle")}</h2>
			<p className={styles.quiet}>{t("space.empty")}</p>
			<p className={styles.example}>{t("space.emptyExample")}</p>
			<Button look="primary" icon={FilePlus2} onPress={create}>
				{t("space.newDocument")}
			</Button>
		</section>
	);
}

function Alone() {
	const { t } = useTranslation();
	const { openDialog } = useSession();
	return (
		<section className={styles.empty}>
			<h2>{t("space.aloneTitle")}</h2>
			<p className={styles.quiet}>{t("space.alone")}</p>
			<Button icon={UserPlus} onPress={() => openDialog("invite")}>
				{t("space.invite")}
			</Button>
		</section>
	);
}

function DocumentList({ space, documents }: { space: Space; documents: readonly ListedDocument[] }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { go } = useSession();
	return (
		<section className={`${styles.sheet} ${styles.list}`}>
			<h2 className="visually-hidden">{t("space.documents")}</h2>
			<ul>
				{documents.map((document) => (
					<li key={document.id}>
						<PlaceLink
							icon={kindOf(document.kind).icon}
							className={styles.row}
							onPress={() => go({ space: space.id, document: document.id })}
						>
							<span className={styles.rowText}>
								<bdi className={styles.rowTitle}>{document.title || t("document.untitled")}</bdi>
								{document.created && (
									<span className={styles.rowNote}>
										{t("space.created", { date: formatDate(document.created, locale) })}
									</span>
								)}
							</span>
						</PlaceLink>
					</li>
				))}
			</ul>
		</section>
	);
}
