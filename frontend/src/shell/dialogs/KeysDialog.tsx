import { useEffect, useState } from "react";
import { type KeyHelp, type KeySection, knownKinds } from "../../documents";
import { useKeyNames, useTranslation } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { keyLabel } from "../../ui/keys";
import { windowKeys } from "../useShortcuts";
import styles from "./dialogs.module.css";

/** Every key of the window and of a text. */
export function KeysDialog({ onClose }: { onClose: () => void }) {
	const { t } = useTranslation();
	const sections = useKindSections();
	return (
		<Dialog title={t("keys.title")} closeLabel={t("app.close")} onClose={onClose} wide>
			<KeyTable
				caption={t("keys.window")}
				rows={[
					{ action: t("keys.help"), keys: [windowKeys.help] },
					{ action: t("keys.regions"), keys: [windowKeys.regions] },
					{ action: t("keys.regionsBack"), keys: [windowKeys.regionsBack] },
					{ action: t("keys.showSidebar"), keys: [windowKeys.sidebar] },
					{ action: t("keys.showPeople"), keys: [windowKeys.people] },
					{ action: t("keys.save"), keys: ["Mod-s"] },
					{ action: t("keys.closeDialog"), keys: ["Escape"] },
				]}
			/>
			{sections.map(({ caption, rows }) => (
				<KeyTable key={caption} caption={caption} rows={rows} />
			))}
		</Dialog>
	);
}

/** What each kind of document says of its keys, as soon as it is fetched. */
function useKindSections(): readonly KeySection[] {
	const { t } = useTranslation();
	const [sections, setSections] = useState<readonly KeySection[]>([]);
	// Kinds are fetched when they are needed.
	useEffect(() => {
		let gone = false;
		const fetching = knownKinds.flatMap(({ keys }) => (keys ? [keys()] : []));
		void Promise.all(fetching).then((kinds) => {
			if (!gone) setSections(kinds.flatMap((kind) => kind.default(t)));
		});
		return () => {
			gone = true;
		};
	}, [t]);
	return sections;
}

function KeyTable({ caption, rows }: { caption: string; rows: readonly KeyHelp[] }) {
	const names = useKeyNames();
	return (
		<table className={styles.keys}>
			<caption>{caption}</caption>
			<tbody>
				{rows.map(({ action, keys = [], typed = [] }) => (
					<tr key={action}>
						<th scope="row">{action}</th>
						<td>
							{keys.map((key) => (
								<kbd key={key}>{keyLabel(key, names)}</kbd>
							))}
							{typed.map((text) => (
								<span key={text} className={styles.typed}>
									<kbd>
										<code>{text.trimEnd()}</code>
									</kbd>
									{text.endsWith(" ") && <kbd>{names.space}</kbd>}
								</span>
							))}
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}
