import {
	Archive,
	ChevronsUpDown,
	FileUp,
	FolderClosed,
	FolderOpen,
	Hourglass,
	Inbox,
	Info,
	Keyboard,
	type LucideIcon,
	MonitorSmartphone,
	Network,
	PanelLeftClose,
	Plus,
	Settings,
	SlidersHorizontal,
	TicketCheck,
	Users,
	WifiOff,
} from "lucide-react";
import type { Space } from "../bridge";
import { kindOf } from "../documents";
import { formatList, useKeyNames, useLocale, useTranslation } from "../i18n";
import { Avatar } from "../ui/Avatar";
import { Button, IconButton, join, PlaceLink } from "../ui/Button";
import { Mark } from "../ui/Drawing";
import { keyLabel } from "../ui/keys";
import { Menu } from "../ui/Menu";
import { colourOf } from "./colour";
import { usePending } from "./devices/PendingList";
import { type ListedDocument, useDocuments } from "./documents";
import type { Page } from "./place";
import { type Presence, usePresence } from "./presence";
import { looksAfter, mayWrite } from "./rights";
import styles from "./Sidebar.module.css";
import { useSession } from "./session";
import { useCreateDocument } from "./useCreateDocument";
import { windowKeys } from "./useShortcuts";

/** Where I am: the spaces, the documents of the present one, and me. */
export function Sidebar({ onHide }: { onHide: () => void }) {
	const { t } = useTranslation();
	const { spaces, openDialog } = useSession();
	const names = useKeyNames();
	return (
		<div className={styles.sidebar}>
			<div className={styles.brand}>
				<Mark />
				<span className={styles.name}>{t("app.name")}</span>
				<IconButton
					icon={PanelLeftClose}
					mirrored
					label={t("sidebar.hide")}
					keys={keyLabel(windowKeys.sidebar, names)}
					onPress={onHide}
				/>
			</div>
			<section>
				<div className={styles.section}>
					<h2>{t("sidebar.spaces")}</h2>
					<Menu
						label={t("sidebar.add")}
						trigger={<IconButton icon={Plus} label={t("sidebar.add")} />}
						entries={[
							{
								id: "create",
								icon: Users,
								label: t("sidebar.create"),
								onAction: () => openDialog("create-space"),
							},
							{
								id: "join",
								icon: TicketCheck,
								label: t("sidebar.join"),
								onAction: () => openDialog("join"),
							},
							{
								id: "take-in",
								icon: FileUp,
								label: t("carry.takeIn"),
								onAction: () => openDialog("take-in"),
							},
						]}
					/>
				</div>
				<ul className={styles.spaces}>
					{spaces.map((space) => (
						<li key={space.id}>
							<SpaceRow space={space} />
						</li>
					))}
				</ul>
			</section>
			<Foot />
		</div>
	);
}

function SpaceRow({ space }: { space: Space }) {
	const { t } = useTranslation();
	const { place, go } = useSession();
	const open = place.space === space.id;
	const here = open && place.document === undefined && place.page === undefined;
	const Icon = space.archived ? Archive : open ? FolderOpen : FolderClosed;
	return (
		<>
			<PlaceLink
				icon={Icon}
				className={join(styles.row, styles.space, here && styles.here)}
				aria-current={here ? "page" : undefined}
				onPress={() => go({ space: space.id })}
			>
				<bdi className={join(styles.label, styles.short)} title={space.name}>
					{space.name}
				</bdi>
				<SpaceState space={space} />
				{!open && looksAfter(space) && space.requests > 0 && (
					<Waiting words={t("requests.title", { count: space.requests })} count={space.requests} />
				)}
			</PlaceLink>
			{open && (
				<>
					<DocumentRows space={space} />
					<PageRows space={space} />
				</>
			)}
		</>
	);
}

function DocumentRows({ space }: { space: Space }) {
	const { t } = useTranslation();
	const { place } = useSession();
	// What is archived has its place in the list of the space; what is open is always shown, so that it is seen where one is.
	const documents = useDocuments().documents.filter(({ id, archived }) => !archived || id === place.document);
	const create = useCreateDocument();
	return (
		<ul aria-label={t("space.documents")} className={styles.documents}>
			{documents.map((document) => (
				<li key={document.id}>
					<DocumentRow space={space} document={document} />
				</li>
			))}
			{mayWrite(space) && (
				<li>
					<Button look="quiet" icon={Plus} className={join(styles.row, styles.add)} onPress={create}>
						<span className={styles.label}>{t("space.newDocument")}</span>
					</Button>
				</li>
			)}
		</ul>
	);
}

/** Where it is not as usual: a word beside the name. */
function SpaceState({ space: { youWere, archived, successor } }: { space: Space }) {
	const { t } = useTranslation();
	const state = () => {
		if (youWere) return t(`sidebar.were.${youWere}`);
		if (successor) return t("sidebar.succeeded");
		return archived && t("sidebar.closed");
	};
	const words = state();
	return words && <span className={styles.state}>{words}</span>;
}

/** The other places of a space, with how much waits in each. */
function PageRows({ space }: { space: Space }) {
	const { t } = useTranslation();
	const facilitator = looksAfter(space);
	return (
		<ul aria-label={space.name} className={styles.pages}>
			<PageRow
				page="people"
				icon={Users}
				label={t("people.title")}
				waits={facilitator && space.requests > 0 ? t("requests.title", { count: space.requests }) : ""}
				count={facilitator ? space.requests : 0}
			/>
			{facilitator && space.quarantined > 0 && (
				<PageRow
					page="aside"
					icon={Inbox}
					label={t("aside.title")}
					waits={t("aside.waits", { count: space.quarantined })}
					count={space.quarantined}
				/>
			)}
			<PageRow page="about" icon={SlidersHorizontal} label={t("thisSpace.title")} waits="" count={0} />
		</ul>
	);
}

interface PageRowProps {
	page: Page;
	icon: LucideIcon;
	label: string;
	/** What waits there, for those who hear it. */
	waits: string;
	count: number;
}

function PageRow({ page, icon, label, waits, count }: PageRowProps) {
	const { place, go } = useSession();
	const here = place.document === undefined && place.page === page;
	return (
		<li>
			<PlaceLink
				icon={icon}
				className={join(styles.row, here && styles.here)}
				aria-current={here ? "page" : undefined}
				onPress={() => go({ ...(place.space ? { space: place.space } : {}), page })}
			>
				<span className={styles.label}>{label}</span>
				{count > 0 && <Waiting words={waits} count={count} />}
			</PlaceLink>
		</li>
	);
}

/** How much waits somewhere: a number to see, words to hear. */
function Waiting({ words, count }: { words: string; count: number }) {
	const locale = useLocale();
	return (
		<span className={styles.count}>
			<span aria-hidden>{new Intl.NumberFormat(locale).format(count)}</span>
			<span className="visually-hidden">{words}</span>
		</span>
	);
}

function DocumentRow({ space, document }: { space: Space; document: ListedDocument }) {
	const { t } = useTranslation();
	const { place, go } = useSession();
	const inside = usePresence().filter((here) => here.document === document.id);
	const here = place.document === document.id;
	const title = document.title || t("document.untitled");
	return (
		<PlaceLink
			icon={document.archived ? Archive : kindOf(document.kind).icon}
			className={join(styles.row, here && styles.here)}
			aria-current={here ? "page" : undefined}
			onPress={() => go({ space: space.id, document: document.id })}
		>
			<bdi className={join(styles.label, styles.short)} title={title}>
				{title}
			</bdi>
			{inside.length > 0 && <Inside people={inside} />}
		</PlaceLink>
	);
}

function Inside({ people }: { people: readonly Presence[] }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { space } = useSession();
	return (
		<span className={styles.inside}>
			<span className="visually-hidden">
				{" "}
				{t("document.hereAre", {
					names: formatList(
						people.map(({ name }) => name),
						locale,
					),
				})}
			</span>
			{people.slice(0, 3).map((here) => (
				<Avatar key={here.device} name={here.name} colour={colourOf(space, here.device)} />
			))}
		</span>
	);
}

function Foot() {
	const { t } = useTranslation();
	const { you, welcome, space, offline, openDialog } = useSession();
	const pending = usePending();
	return (
		<div className={styles.foot}>
			{pending.length > 0 && (
				<Button look="quiet" icon={Hourglass} className={styles.row} onPress={() => openDialog("pending")}>
					<span className={styles.label}>{t("pending.count", { count: pending.length })}</span>
				</Button>
			)}
			{offline && (
				<Button
					look="quiet"
					icon={WifiOff}
					className={join(styles.row, styles.offline)}
					onPress={() => openDialog("network")}
				>
					<span className={styles.label}>{t("sidebar.offline")}</span>
				</Button>
			)}
			<Menu
				label={t("sidebar.menu")}
				trigger={
					<Button
						look="quiet"
						className={join(styles.row, styles.you)}
						aria-label={t("sidebar.you", { name: you.name })}
					>
						<Avatar name={you.name} colour={colourOf(space, welcome.device)} />
						<bdi className={styles.label}>{you.name}</bdi>
						<ChevronsUpDown aria-hidden />
					</Button>
				}
				entries={[
					{
						id: "settings",
						icon: Settings,
						label: t("sidebar.settings"),
						onAction: () => openDialog("settings"),
					},
					{
						id: "devices",
						icon: MonitorSmartphone,
						label: t("devices.title"),
						onAction: () => openDialog("devices"),
					},
					{
						id: "network",
						icon: Network,
						label: t("sidebar.network"),
						onAction: () => openDialog("network"),
					},
					{
						id: "keys",
						icon: Keyboard,
						label: t("sidebar.keys"),
						keys: windowKeys.help,
						onAction: () => openDialog("keys"),
					},
					{
						id: "about",
						icon: Info,
						label: t("sidebar.about"),
						separated: true,
						onAction: () => openDialog("about"),
					},
				]}
			/>
		</div>
	);
}
