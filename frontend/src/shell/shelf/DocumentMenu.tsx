import { Archive, ArchiveRestore, Ellipsis } from "lucide-react";
import { useTranslation } from "../../i18n";
import { IconButton } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import type { ListedDocument } from "../documents";
import { useShelf } from "./useShelf";

/** What can be done with a document as a whole, by those who write in its space. */
export function DocumentMenu({ document }: { document: ListedDocument }) {
	const { t } = useTranslation();
	const { archive, bringBack, name } = useShelf();
	const label = t("shelf.menu", { title: name(document) });
	const entry = document.archived
		? {
				id: "bring-back",
				icon: ArchiveRestore,
				label: t("shelf.bringBack"),
				onAction: () => bringBack(document),
			}
		: {
				id: "archive",
				icon: Archive,
				label: t("shelf.archive"),
				onAction: () => archive(document),
			};
	return <Menu label={label} trigger={<IconButton icon={Ellipsis} label={label} />} entries={[entry]} />;
}
