import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "../i18n";
import { notify } from "../ui/Toasts";
import styles from "./DocumentScreen.module.css";
import { type ListedDocument, useDocuments } from "./documents";
import { errorWords } from "./errorWords";
import { mayWrite } from "./rights";
import { useSession } from "./session";

interface TitleFieldProps {
	document: ListedDocument | undefined;
	/** Just made: its title waits, selected, to be typed over. */
	fresh: boolean;
}

/** The longest title, in UTF-16 units; more is a paragraph. */
const LONGEST_TITLE = 200;

/** The document's title: a heading to read, a field to write. */
export function TitleField({ document, fresh }: TitleFieldProps) {
	const { t } = useTranslation();
	const { space, notices } = useSession();
	const { setTitle } = useDocuments();
	const [draft, setDraft] = useState<string>();
	const input = useRef<HTMLInputElement>(null);
	const title = document?.title ?? "";
	const known = document !== undefined;

	// The field exists before the list has told the title of a document made a moment ago.
	useEffect(() => {
		if (!fresh || !known) return;
		input.current?.focus();
		input.current?.select();
	}, [fresh, known]);

	const finish = () => {
		const next = draft?.trim() ?? "";
		setDraft(undefined);
		if (document === undefined || next === "" || next === title) return;
		try {
			setTitle(document.id, next);
		} catch (reason) {
			notify(notices, {
				kind: "problem",
				text: t("document.titleFailed", { reason: errorWords(reason, t) }),
			});
		}
	};
	const onKeyDown = (event: KeyboardEvent) => {
		if (event.nativeEvent.isComposing) return;
		if (event.key === "Escape") setDraft(undefined);
		if (event.key === "Enter") {
			event.preventDefault();
			globalThis.document.querySelector<HTMLElement>("main [contenteditable=true]")?.focus();
		}
	};
	return (
		<>
			<h1 tabIndex={-1} className="visually-hidden">
				{title || t("document.untitled")}
			</h1>
			<input
				ref={input}
				className={styles.title}
				aria-label={t("document.title")}
				dir="auto"
				value={draft ?? title}
				placeholder={t("document.untitled")}
				readOnly={space === undefined || !mayWrite(space) || !known || document.archived}
				maxLength={LONGEST_TITLE}
				autoComplete="off"
				onChange={(event) => setDraft(event.target.value)}
				onBlur={finish}
				onKeyDown={onKeyDown}
			/>
		</>
	);
}
