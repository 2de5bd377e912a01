import { Users } from "lucide-react";
import { useId, useState } from "react";
import type { Bridge, DeviceID, SpaceID } from "../../../bridge";
import type { AuthorLook, TextEditor } from "../../../editor";
import { useLocale, useTranslation } from "../../../i18n";
import { formatList } from "../../../i18n/format";
import type { Replica } from "../../../replica";
import { Button } from "../../../ui/Button";
import styles from "./Authors.module.css";
import { useAuthors } from "./useAuthors";

export interface AuthorsProps {
	bridge: Bridge;
	space: SpaceID;
	replica: Replica;
	editor: TextEditor;
	colourOf: (device: DeviceID) => number;
}

/** The foot of a text: who wrote what, for the whole of it and for what is selected. */
export function Authors(props: AuthorsProps) {
	const { t } = useTranslation();
	const [shown, setShown] = useState(false);
	const list = useId();
	return (
		<div className={styles.foot}>
			<Button
				look="quiet"
				icon={Users}
				aria-expanded={shown}
				aria-controls={shown ? list : undefined}
				onPress={() => setShown(!shown)}
			>
				{t("authors.show")}
			</Button>
			{shown && <Legend {...props} id={list} />}
		</div>
	);
}

function Legend({ id, ...props }: AuthorsProps & { id: string }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { authors, selected, ready } = useAuthors(props);
	const total = authors.reduce((sum, { letters }) => sum + letters, 0);
	const percent = new Intl.NumberFormat(locale, { style: "percent" });
	return (
		<div id={id} className={styles.legend}>
			<ul aria-label={t("authors.list")}>
				{authors.map(({ author, look, letters }) => (
					<li key={author}>
						<span style={styleOf(look)}>
							{t("authors.share", { name: look.name, share: percent.format(letters / total) })}
						</span>
					</li>
				))}
			</ul>
			<p role="status">
				{!ready && t("authors.looking")}
				{ready && selected.length === 0 && t("authors.hint")}
				{ready &&
					selected.length > 0 &&
					t("authors.selected", {
						names: formatList(
							selected.map(({ name }) => name),
							locale,
						),
					})}
			</p>
		</div>
	);
}

function styleOf({ colour, line }: AuthorLook): React.CSSProperties {
	return { "--person": colour, "--line": line } as React.CSSProperties;
}
