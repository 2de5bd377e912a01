import { Archive, ArchiveRestore } from "lucide-react";
import type { Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import type { ListedDocument } from "../documents";
import { mayWrite } from "../rights";
import strip from "../space/space.module.css";
import styles from "./shelf.module.css";
import { useShelf } from "./useShelf";

interface ShelfStripProps {
	space: Space;
	document: ListedDocument;
	/** Called when this person has brought the document back, and this line goes. */
	onBack: () => void;
}

/** Over an archived document: that it is one, and the way back. */
export function ShelfStrip({ space, document, onBack }: ShelfStripProps) {
	const { t } = useTranslation();
	const { bringBack } = useShelf();
	return (
		<div className={`${strip.strip} ${styles.strip}`}>
			<Archive aria-hidden />
			<p>{t("shelf.strip")}</p>
			{mayWrite(space) && (
				<Button
					icon={ArchiveRestore}
					onPress={() => {
						bringBack(document);
						onBack();
					}}
				>
					{t("shelf.bringBack")}
				</Button>
			)}
		</div>
	);
}
