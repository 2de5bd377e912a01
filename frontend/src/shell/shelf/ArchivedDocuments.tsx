import { Archive, ArchiveRestore } from "lucide-react";
import type { Space } from "../../bridge";
import { formatDate, useLocale, useTranslation } from "../../i18n";
import { Button, PlaceLink } from "../../ui/Button";
import { Disclosure } from "../../ui/Disclosure";
import type { ListedDocument } from "../documents";
import page from "../Page.module.css";
import { mayWrite } from "../rights";
import { useSession } from "../session";
import styles from "./shelf.module.css";
import { useRowFocus } from "./useRowFocus";
import { useShelf } from "./useShelf";

interface ArchivedDocumentsProps {
	space: Space;
	documents: readonly ListedDocument[];
}

/** The part of a space's list for what is done with; nothing where there is nothing. */
export function ArchivedDocuments({ space, documents }: ArchivedDocumentsProps) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { go } = useSession();
	const { bringBack, name } = useShelf();
	const list = useRowFocus(documents);
	if (documents.length === 0) return null;
	const number = new Intl.NumberFormat(locale).format(documents.length);
	return (
		<section className={`${page.sheet} ${styles.archived}`}>
			<Disclosure title={t("shelf.title", { number })} level={2}>
				<ul {...list} className={styles.rows}>
					{documents.map((document) => (
						<li key={document.id} data-row={document.id}>
							<PlaceLink
								icon={Archive}
								className={page.row}
								onPress={() => go({ space: space.id, document: document.id })}
							>
								<span className={page.rowText}>
									<bdi className={page.rowTitle}>{document.title || t("document.untitled")}</bdi>
									{document.archivedAt && (
										<span className={page.rowNote}>
											{t("shelf.since", { date: formatDate(document.archivedAt, locale) })}
										</span>
									)}
								</span>
							</PlaceLink>
							{mayWrite(space) && (
								<Button
									look="quiet"
									icon={ArchiveRestore}
									aria-label={t("shelf.bringBackOf", { title: name(document) })}
									onPress={() => bringBack(document)}
								>
									{t("shelf.bringBack")}
								</Button>
							)}
						</li>
					))}
				</ul>
			</Disclosure>
		</section>
	);
}
