import { FilePlus2, FileUp, UserPlus } from "lucide-react";
import type { DocumentSeen, Space } from "../bridge";
import { kindOf } from "../documents";
import { formatDate, type TFunction, useLocale, useTranslation } from "../i18n";
import { Button, PlaceLink } from "../ui/Button";
import { SheetDrawing } from "../ui/Drawing";
import { Portion } from "../ui/Portion";
import { CatchingUp } from "./CatchingUp";
import { type ListedDocument, useDocuments } from "./documents";
import { portionWords } from "./hasWords";
import styles from "./Page.module.css";
import { PageFrame } from "./PageFrame";
import { isolated } from "./people/personWords";
import { belongs, looksAfter, mayWrite } from "./rights";
import { useSession } from "./session";
import { ArchivedDocuments } from "./shelf/ArchivedDocuments";
import { DocumentMenu } from "./shelf/DocumentMenu";
import { useRowFocus } from "./shelf/useRowFocus";
import { SpaceNotes } from "./space/SpaceNotes";
import { useCreateDocument } from "./useCreateDocument";
import { useSeen } from "./useSeen";
import type { Panels } from "./Workspace";

/** A space's own page: its documents, or what to do first. */
export function SpaceHome({ space, panels }: { space: Space; panels: Panels }) {
	const { t } = useTranslation();
	const { openDialog } = useSession();
	const create = useCreateDocument();
	const { documents: all, state } = useDocuments();
	const documents = all.filter(({ archived }) => !archived);
	const archived = all.filter((document) => document.archived);
	const writer = mayWrite(space);
	return (
		<PageFrame space={space} panels={panels} title={space.name} intro={standing(space, t)}>
			<SpaceNotes space={space} work />
			{belongs(space) && <CatchingUp space={space} />}
			{all.length > 0 && (writer || looksAfter(space)) && (
				<div className={styles.bar}>
					{writer && (
						<Button look="primary" icon={FilePlus2} onPress={create}>
							{t("space.newDocument")}
						</Button>
					)}
					{writer && <BringIn />}
					{looksAfter(space) && (
						<Button icon={UserPlus} onPress={() => openDialog("invite")}>
							{t("space.invite")}
						</Button>
					)}
				</div>
			)}
			{state === "loading" && <p className={styles.quiet}>{t("space.loading")}</p>}
			{state === "waiting" && <p className={styles.quiet}>{t("space.waiting")}</p>}
			{state === "failed" && <p className={styles.quiet}>{t("space.problem")}</p>}
			{state === "ready" && all.length === 0 && belongs(space) && (
				<NoDocuments writer={writer} create={create} />
			)}
			{all.length > 0 && documents.length === 0 && <p className={styles.quiet}>{t("shelf.all")}</p>}
			<DocumentList space={space} documents={documents} />
			<ArchivedDocuments space={space} documents={archived} />
			{space.members.length === 1 && looksAfter(space) && <Alone space={space} />}
		</PageFrame>
	);
}

/** How many people there are, and as what this one is here. */
function standing({ members, role, youWere }: Space, t: TFunction): string {
	const people = t("space.members", { count: members.length });
	if (role !== "none") return `${people} · ${t("space.yourRole", { role: t(`yourRole.${role}`) })}`;
	return youWere ? people : `${people} · ${t("space.notCounted")}`;
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
			<div className={styles.bar}>
				<Button look="primary" icon={FilePlus2} onPress={create}>
					{t("space.newDocument")}
				</Button>
				<BringIn />
			</div>
		</section>
	);
}

function BringIn() {
	const { t } = useTranslation();
	const { openDialog } = useSession();
	return (
		<Button icon={FileUp} onPress={() => openDialog("bring-in")}>
			{t("paper.bringIn")}
		</Button>
	);
}

function Alone({ space }: { space: Space }) {
	const { t } = useTranslation();
	const { spaces, openDialog } = useSession();
	// Those of the space that goes on here come by themselves.
	const before = spaces.find(({ successor, members }) => successor?.space === space.id && members.length > 1);
	return (
		<section className={styles.empty}>
			<h2>{before ? t("succeed.aloneTitle") : t("space.aloneTitle")}</h2>
			<p className={styles.quiet}>
				{before ? t("succeed.alone", { space: isolated(before.name) }) : t("space.alone")}
			</p>
			<Button icon={UserPlus} onPress={() => openDialog("invite")}>
				{t("space.invite")}
			</Button>
		</section>
	);
}

/** What is worked on. Like the part for what is archived, it is there also while it has nothing to show, for the focus. */
function DocumentList({ space, documents }: { space: Space; documents: readonly ListedDocument[] }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { go } = useSession();
	const seen = useSeen(space);
	const list = useRowFocus(documents);
	if (documents.length === 0) return null;
	return (
		<section className={`${styles.sheet} ${styles.list}`}>
			<h2 className="visually-hidden">{t("space.documents")}</h2>
			<ul {...list}>
				{documents.map((document) => (
					<li key={document.id} data-row={document.id}>
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
							<Mark seen={seen.get(document.id)} />
						</PlaceLink>
						<DocumentMenu document={document} writer={mayWrite(space)} />
					</li>
				))}
			</ul>
		</section>
	);
}

/** How many of the others have the latest of a document; nothing where there are no others. */
function Mark({ seen }: { seen: DocumentSeen | undefined }) {
	const { t } = useTranslation();
	if (seen === undefined || seen.people === 0) return null;
	const { have, people } = seen;
	const words = portionWords(have, people, t);
	return (
		<span className={styles.mark} title={words}>
			<Portion have={have} of={people} label={words} />
		</span>
	);
}
