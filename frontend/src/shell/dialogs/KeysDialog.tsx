import { useKeyNames, useTranslation } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { keyLabel } from "../../ui/keys";
import { windowKeys } from "../useShortcuts";
import styles from "./dialogs.module.css";

/** Every key of the window and of a text. */
export function KeysDialog({ onClose }: { onClose: () => void }) {
	const { t } = useTranslation();
	return (
		<Dialog title={t("keys.title")} closeLabel={t("app.close")} onClose={onClose} wide>
			<KeyTable
				caption={t("keys.window")}
				rows={[
					[t("keys.help"), windowKeys.help],
					[t("keys.regions"), windowKeys.regions],
					[t("keys.regionsBack"), windowKeys.regionsBack],
					[t("keys.showSidebar"), windowKeys.sidebar],
					[t("keys.showPeople"), windowKeys.people],
					[t("keys.closeDialog"), "Escape"],
				]}
			/>
		</Dialog>
	);
}

type Row = readonly [action: string, keys: string];

function KeyTable({ caption, rows }: { caption: string; rows: readonly Row[] }) {
	const names = useKeyNames();
	return (
		<table className={styles.keys}>
			<caption>{caption}</caption>
			<tbody>
				{rows.map(([action, keys]) => (
					<tr key={action}>
						<th scope="row">{action}</th>
						<td>
							<kbd>{keyLabel(keys, names)}</kbd>
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}
