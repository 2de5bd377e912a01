import { PanelLeft } from "lucide-react";
import { useTranslation } from "../i18n";
import { IconButton } from "../ui/Button";
import { looksAfter } from "./rights";
import styles from "./ShowSidebar.module.css";
import { useSession } from "./session";
import type { Panels } from "./Workspace";

/** Opens the sidebar while it is folded away, and says for it that somebody asks to be let in. */
export function ShowSidebar({ panels, className }: { panels: Panels; className?: string | undefined }) {
	const { t } = useTranslation();
	const { spaces } = useSession();
	if (panels.sidebar.shown) return null;
	const waiting = spaces.filter(looksAfter).reduce((count, { requests }) => count + requests, 0);
	const label =
		waiting > 0
			? t("sidebar.showWaiting", { requests: t("requests.title", { count: waiting }) })
			: t("sidebar.show");
	return (
		<span className={className}>
			<span className={styles.frame} data-waiting={waiting > 0 || undefined}>
				<IconButton icon={PanelLeft} mirrored label={label} onPress={panels.sidebar.toggle} />
			</span>
		</span>
	);
}
