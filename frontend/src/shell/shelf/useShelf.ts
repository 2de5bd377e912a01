import { useCallback } from "react";
import { useTranslation } from "../../i18n";
import { notify } from "../../ui/Toasts";
import { type ListedDocument, useDocuments } from "../documents";
import { errorWords } from "../errorWords";
import { isolated } from "../people/personWords";
import { useSession } from "../session";

type Shelved = Pick<ListedDocument, "id" | "title">;

/** Archives documents and brings them back, and says so; what was archived can be undone from what is said. */
export function useShelf() {
	const { t } = useTranslation();
	const { notices } = useSession();
	const { setArchived } = useDocuments();
	const attempt = useCallback(
		(change: () => void) => {
			try {
				change();
			} catch (reason) {
				notify(notices, {
					kind: "problem",
					text: t("shelf.failed", { reason: errorWords(reason, t) }),
				});
			}
		},
		[notices, t],
	);
	const name = useCallback(({ title }: Shelved) => isolated(title || t("document.untitled")), [t]);
	const bringBack = useCallback(
		(document: Shelved) =>
			attempt(() => {
				setArchived(document.id, false);
				notify(notices, { kind: "good", text: t("shelf.back", { title: name(document) }) });
			}),
		[attempt, setArchived, notices, name, t],
	);
	const archive = useCallback(
		(document: Shelved) =>
			attempt(() => {
				setArchived(document.id, true);
				notify(notices, {
					kind: "good",
					text: t("shelf.done", { title: name(document) }),
					action: { label: t("shelf.undo"), run: () => bringBack(document) },
				});
			}),
		[attempt, setArchived, notices, name, bringBack, t],
	);
	return { archive, bringBack, name };
}
