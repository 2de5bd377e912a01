import {
	Archive,
	ArrowRight,
	DoorOpen,
	Inbox,
	LifeBuoy,
	Link2,
	type LucideIcon,
	MonitorSmartphone,
	RefreshCw,
	UserRoundX,
} from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import type { Space, Successor } from "../../bridge";
import { formatDay, formatList, useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { notify } from "../../ui/Toasts";
import { LINK } from "../devices/DevicesDialog";
import { deviceName } from "../devices/names";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import { isolated } from "../people/personWords";
import { belongs, isStranded, looksAfter, mayAnybodySucceed, maySucceed } from "../rights";
import { useSession } from "../session";
import styles from "./space.module.css";

interface SpaceNotesProps {
	space: Space;
	/** Also what waits for a facilitator. */
	work?: boolean;
}

/** What everybody should know who comes to the space: how it stands, what waits, and what they can do. */
export function SpaceNotes({ space, work = false }: SpaceNotesProps) {
	const { t } = useTranslation();
	const { go, place } = useSession();
	const facilitator = looksAfter(space);
	return (
		<>
			{space.youWere && <Gone space={space} />}
			{space.successor ? (
				<Succeeded space={space} successor={space.successor} />
			) : (
				isStranded(space) && <Stranded space={space} />
			)}
			{space.archived && !space.youWere && (
				<Note icon={Archive} title={t("thisSpace.isClosed")}>
					<p>{facilitator ? t("thisSpace.closedForYou") : t("thisSpace.closedForAll")}</p>
					{facilitator && place.page !== "about" && (
						<Button onPress={() => go({ space: space.id, page: "about" })}>{t("thisSpace.title")}</Button>
					)}
				</Note>
			)}
			{work && facilitator && space.requests > 0 && (
				<Note icon={DoorOpen} title={t("requests.title", { count: space.requests })}>
					<p>{t("requests.hint")}</p>
					<Button look="primary" onPress={() => go({ space: space.id, page: "people" })}>
						{t("requests.look")}
					</Button>
				</Note>
			)}
			{work && facilitator && space.quarantined > 0 && (
				<Note icon={Inbox} title={t("aside.waits", { count: space.quarantined })}>
					<p>{t("aside.waitsHint")}</p>
					<Button onPress={() => go({ space: space.id, page: "aside" })}>{t("aside.look")}</Button>
				</Note>
			)}
			{work && belongs(space) && <Elsewhere space={space} />}
			{space.newer && (
				<Note icon={RefreshCw} title={t("thisSpace.newer")}>
					<p>{t("thisSpace.newerHint")}</p>
				</Note>
			)}
		</>
	);
}

/** Devices of one's own that a space has not come to: it comes to one only by a link. */
function Elsewhere({ space }: { space: Space }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge, openDialog } = useSession();
	const { value: devices } = useLive(bridge, "devices", () => bridge.api.Devices(), [trigger("spaces")]);
	const here = space.members.find(({ you }) => you)?.devices ?? [];
	const lack = devices?.filter(({ device }) => here.every((known) => known.device !== device)) ?? [];
	if (here.length === 0 || lack.length === 0) return null;
	const names = formatList(
		lack.map((device) => isolated(deviceName(device, t))),
		locale,
	);
	return (
		<Note icon={MonitorSmartphone} title={t("devices.elsewhere", { count: lack.length })}>
			<p>{t("devices.elsewhereHint", { names })}</p>
			<Button icon={Link2} onPress={() => openDialog("devices", LINK)}>
				{t("devices.elsewhereLink")}
			</Button>
		</Note>
	);
}

interface NoteProps {
	icon: LucideIcon;
	title: string;
	children: ReactNode;
}

function Note({ icon: Icon, title, children }: NoteProps) {
	const id = useId();
	return (
		<section aria-labelledby={id} className={styles.note}>
			<Icon aria-hidden />
			<div className={styles.words}>
				<h2 id={id}>{title}</h2>
				{children}
			</div>
		</section>
	);
}

/** This person or device is in the space no more: what there still is, and what can be done with it. */
function Gone({ space }: { space: Space }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { go, place, welcome, you } = useSession();
	// Whoever went has a device of theirs as their place, and this one at least a name like it.
	const former =
		space.formers.find(({ device }) => device === welcome.device) ??
		space.formers.find(({ name }) => name === you.name);
	const date = former && formatDay(former.at, locale);
	const title = () => {
		if (space.youWere === "revoked") return t("thisSpace.youRevoked");
		if (space.youWere === "left") return date ? t("thisSpace.youLeftOn", { date }) : t("thisSpace.youLeft");
		if (former?.by) return t("thisSpace.youRemovedBy", { name: isolated(former.by), date });
		return t("thisSpace.youRemoved");
	};
	return (
		<Note icon={UserRoundX} title={title()}>
			<p>{t("thisSpace.youHave")}</p>
			<p>{t("thisSpace.youCan")}</p>
			{place.page !== "about" && (
				<Button onPress={() => go({ space: space.id, page: "about" })}>
					{t("thisSpace.exportOrForget")}
				</Button>
			)}
		</Note>
	);
}

/** Nobody looks after the space any more. */
function Stranded({ space }: { space: Space }) {
	const { t } = useTranslation();
	const { openDialog } = useSession();
	const editors = mayAnybodySucceed(space);
	const wayOut = () => {
		if (maySucceed(space)) return t("succeed.youCan");
		return editors ? t("succeed.editorsCan") : t("succeed.nobodyCan");
	};
	return (
		<Note icon={LifeBuoy} title={t("succeed.stranded")}>
			<p>{editors ? t("succeed.strandedMeans") : t("succeed.strandedForReading")}</p>
			<p>{wayOut()}</p>
			{maySucceed(space) && (
				<Button look="primary" icon={ArrowRight} onPress={() => openDialog("succeed")}>
					{t("succeed.goOn")}
				</Button>
			)}
		</Note>
	);
}

/** Somebody has founded a space in which this one goes on. */
function Succeeded({ space, successor }: { space: Space; successor: Successor }) {
	const { t } = useTranslation();
	const { bridge, notices, refresh, go } = useSession();
	const [busy, setBusy] = useState(false);
	const names = { name: isolated(successor.by), space: isolated(successor.name) };
	const join = async () => {
		if (busy) return;
		setBusy(true);
		try {
			const { id } = await bridge.api.JoinSuccessor(space.id);
			refresh();
			go({ space: id });
		} catch (reason) {
			notify(notices, { kind: "problem", text: errorWords(reason, t) });
			setBusy(false);
		}
	};
	return (
		<Note icon={LifeBuoy} title={t("succeed.founded", names)}>
			<p>{successor.space ? t("succeed.youAreIn") : t("succeed.foundedMeans")}</p>
			{successor.space ? (
				<Button icon={ArrowRight} onPress={() => go({ space: successor.space ?? "" })}>
					{t("succeed.goThere", names)}
				</Button>
			) : (
				successor.canJoin && (
					<Button look="primary" icon={ArrowRight} isPending={busy} onPress={join}>
						{t("succeed.join", names)}
					</Button>
				)
			)}
		</Note>
	);
}
