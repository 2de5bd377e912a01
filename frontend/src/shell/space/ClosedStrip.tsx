import { Archive, UserRoundX } from "lucide-react";
import type { Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import styles from "./space.module.css";

/** Over a document that nobody can write in any more, or this person not: why, in one line. */
export function ClosedStrip({ space: { archived, youWere } }: { space: Space }) {
	const { t } = useTranslation();
	if (!archived && !youWere) return null;
	const Icon = youWere ? UserRoundX : Archive;
	return (
		<p role="status" className={styles.strip}>
			<Icon aria-hidden />
			<span>{youWere ? t("thisSpace.stripGone") : t("thisSpace.stripClosed")}</span>
		</p>
	);
}
