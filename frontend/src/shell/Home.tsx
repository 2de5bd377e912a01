import { Archive, FileUp, FolderClosed, Radio, TicketCheck } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Space } from "../bridge";
import { useTranslation } from "../i18n";
import { Button, PlaceLink } from "../ui/Button";
import { TableDrawing } from "../ui/Drawing";
import { CreateSpaceForm } from "./CreateSpaceForm";
import { PendingSection } from "./devices/PendingList";
import styles from "./Page.module.css";
import { ShowSidebar } from "./ShowSidebar";
import { useSession } from "./session";
import { usePageTitle } from "./usePageTitle";
import type { Panels } from "./Workspace";

/** Before a space is open: the spaces there are, what a space is, and the two ways to one. */
export function Home({ panels }: { panels: Panels }) {
	const { t } = useTranslation();
	const { you, spaces, openDialog } = useSession();
	const heading = useRef<HTMLHeadingElement>(null);
	const first = spaces.length === 0;
	const [chooses] = useState(!first);
	usePageTitle();
	// Who has spaces is to choose one; who has none starts to write its name.
	useEffect(() => {
		if (chooses) heading.current?.focus();
	}, [chooses]);
	return (
		<div className={styles.scroll}>
			<div className={styles.top}>
				<ShowSidebar panels={panels} />
			</div>
			<div className={styles.column}>
				<div className={styles.welcome}>
					<div>
						<h1 ref={heading} tabIndex={-1} className={styles.title}>
							{t("home.hello", { name: you.name })}
						</h1>
						<p className={styles.intro}>{t("home.intro")}</p>
					</div>
					<TableDrawing />
				</div>
				<PendingSection />
				{!first && <SpaceList spaces={spaces} />}
				<div className={styles.pair}>
					<section className={`${styles.sheet} ${styles.choice}`}>
						<h2>{t("home.makeTitle")}</h2>
						<CreateSpaceForm autoFocus={!chooses} />
					</section>
					<section className={`${styles.sheet} ${styles.choice}`}>
						<h2>{t("home.joinTitle")}</h2>
						<p className={styles.quiet}>{t("home.joinHint")}</p>
						<div className={styles.bar}>
							<Button icon={TicketCheck} onPress={() => openDialog("join")}>
								{t("home.join")}
							</Button>
							<Button icon={Radio} onPress={() => openDialog("join-room")}>
								{t("join.sameRoom")}
							</Button>
							<Button icon={FileUp} onPress={() => openDialog("take-in")}>
								{t("carry.takeIn")}
							</Button>
						</div>
					</section>
				</div>
			</div>
		</div>
	);
}

function SpaceList({ spaces }: { spaces: readonly Space[] }) {
	const { t } = useTranslation();
	const { go } = useSession();
	return (
		<section className={`${styles.sheet} ${styles.list}`}>
			<h2 className="visually-hidden">{t("sidebar.spaces")}</h2>
			<ul>
				{spaces.map((space) => (
					<li key={space.id}>
						<PlaceLink
							icon={space.archived ? Archive : FolderClosed}
							className={styles.row}
							onPress={() => go({ space: space.id })}
						>
							<span className={styles.rowText}>
								<bdi className={styles.rowTitle}>{space.name}</bdi>
								<span className={styles.rowNote}>
									{t("space.members", { count: space.members.length })}
									{space.youWere && ` · ${t(`sidebar.were.${space.youWere}`)}`}
									{space.archived && ` · ${t("sidebar.closed")}`}
								</span>
							</span>
						</PlaceLink>
					</li>
				))}
			</ul>
		</section>
	);
}
