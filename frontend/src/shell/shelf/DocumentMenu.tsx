import { Archive, ArchiveRestore, Ellipsis, FileDown } from "lucide-react";
import { useTranslation } from "../../i18n";
import { IconButton } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import type { ListedDocument } from "../documents";
import { useSession } from "../session";
import { useShelf } from "./useShelf";

interface DocumentMenuProps {
	document: ListedDocument;
	/** Whether this person writes in its space. */
	writer: boolean;
}

/** What can be done with a document as a whole. */
export function DocumentMenu({ document, writer }: DocumentMenuProps) {
	const { t } = useTranslation();
	const { openDialog } = useSession();
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
	const save = {
		id: "save-as",
		icon: FileDown,
		label: t("paper.saveAs"),
		onAction: () => openDialog("save-as", document.id),
	};
	const entries = writer ? [save, { ...entry, separated: true }] : [save];
	return <Menu label={label} trigger={<IconButton icon={Ellipsis} label={label} />} entries={entries} />;
}
