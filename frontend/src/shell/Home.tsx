import { PanelLeft, TicketCheck } from "lucide-react";
import { useTranslation } from "../i18n";
import { Button, IconButton } from "../ui/Button";
import { TableDrawing } from "../ui/Drawing";
import { CreateSpaceForm } from "./CreateSpaceForm";
import styles from "./Page.module.css";
import { useSession } from "./session";
import { usePageTitle } from "./usePageTitle";
import type { Panels } from "./Workspace";

/** Before a space is open: what a space is, and the two ways to one. */
export function Home({ panels }: { panels: Panels }) {
	const { t } = useTranslation();
	const { you, openDialog } = useSession();
	usePageTitle();
	return (
		<div className={styles.scroll}>
			<div className={styles.top}>
				{!panels.sidebar.shown && (
					<IconButton icon={PanelLeft} mirrored label={t("sidebar.show")} onPress={panels.sidebar.toggle} />
				)}
			</div>
			<div className={styles.column}>
				<div className={styles.welcome}>
					<div>
						<h1 className={styles.title}>{t("home.hello", { name: you.name })}</h1>
						<p className={styles.intro}>{t("home.intro")}</p>
					</div>
					<TableDrawing />
				</div>
				<div className={styles.pair}>
					<section className={`${styles.sheet} ${styles.choice}`}>
						<h2>{t("home.makeTitle")}</h2>
						<CreateSpaceForm autoFocus />
					</section>
					<section className={`${styles.sheet} ${styles.choice}`}>
						<h2>{t("home.joinTitle")}</h2>
						<p className={styles.quiet}>{t("home.joinHint")}</p>
						<Button icon={TicketCheck} onPress={() => openDialog("join")}>
							{t("home.join")}
						</Button>
					</section>
				</div>
			</div>
		</div>
	);
}
