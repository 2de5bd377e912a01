import { Archive, UserRoundX } from "lucide-react";
import type { Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import styles from "./space.module.css";

/** Whether there is more to say than that a role does not allow to write. */
export function isClosed({ archived, youWere }: Space): boolean {
	return archived || youWere !== undefined;
}

/** Over a document that nobody can write in any more, or this person not: why, in one line. */
export function ClosedStrip({ space }: { space: Space }) {
	const { t } = useTranslation();
	if (!isClosed(space)) return null;
	const { youWere } = space;
	const Icon = youWere ? UserRoundX : Archive;
	return (
		<p className={styles.strip}>
			<Icon aria-hidden />
			<span>{youWere ? t("thisSpace.stripGone") : t("thisSpace.stripClosed")}</span>
		</p>
	);
}
