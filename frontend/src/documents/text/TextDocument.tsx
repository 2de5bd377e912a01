import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from "react";
import { fromBase64, type Here, toBase64 } from "../../bridge";
import { type Caret, createTextEditor, decodePlace, type TextEditor } from "../../editor";
import { useTranslation } from "../../i18n";
import type { Replica, ReplicaState } from "../../replica";
import { useAnnounce } from "../../ui/announcer";
import { Button } from "../../ui/Button";
import type { DocumentProps, Saving } from "../index";
import { Authors } from "./authors/Authors";
import { LinkDialog } from "./LinkDialog";
import { SlashMenu } from "./SlashMenu";
import styles from "./TextDocument.module.css";
import { TextTools } from "./TextTools";
import { useArrived, useReplica, useReplicaFact, useRight } from "./useReplica";

/** A text document: its tools, and the text on its sheet. */
export default function TextDocument(props: DocumentProps) {
	const { t } = useTranslation();
	const { replica, error } = useReplica(props.replicas, props.bridge, props.space, props.document);
	if (error !== undefined) throw error;
	if (replica === undefined) {
		return (
			<p role="status" className={styles.message}>
				{t("document.loading")}
			</p>
		);
	}
	return <Opened {...props} replica={replica} />;
}

function Opened(props: DocumentProps & { replica: Replica }) {
	const { t } = useTranslation();
	const arrived = useArrived(props.replica);
	if (arrived) return <Writing {...props} />;
	return (
		<p role="status" className={styles.message}>
			{t("document.missing")}
		</p>
	);
}

function Writing({
	bridge,
	space,
	replica,
	others,
	colourOf,
	mayWrite,
	archived,
	explained,
	autoFocus,
	onSaving,
	announce,
}: DocumentProps & { replica: Replica }) {
	const { t } = useTranslation();
	const broken = useReplicaFact(replica, "broken");
	const right = useReplicaFact(replica, "writable");
	const writable = right && !archived;
	useRight(replica, mayWrite);
	const [editor, setEditor] = useState<TextEditor>();
	const [link, setLink] = useState<{ href: string }>();
	const place = useRef<HTMLDivElement>(null);
	const tools = useRef<HTMLDivElement>(null);
	const label = t("text.label");
	const say = useAnnounce();
	const ticked = (done: boolean) => say(done ? t("text.taskDone") : t("text.taskOpen"));
	const atStart = useRef({ autoFocus, label, editable: !archived, done: t("text.taskDone"), ticked });

	// ProseMirror draws into an element of its own; the editor lives as long as the replica is shown.
	useEffect(() => {
		if (place.current === null) return;
		const created = createTextEditor(place.current, replica, {
			editable: atStart.current.editable,
			labels: { editor: atStart.current.label, tasks: { done: atStart.current.done } },
			onLink: setLink,
			onTick: (done) => atStart.current.ticked(done),
			onOpenLink: (href) => bridge.openLink(href),
		});
		setEditor(created);
		if (atStart.current.autoFocus) created.focus();
		return () => {
			setEditor(undefined);
			created.destroy();
		};
	}, [bridge, replica]);

	useEffect(() => editor?.setEditable(!archived), [editor, archived]);

	// What the bar above says comes from the replica, past React: it changes with every key.
	useEffect(() => {
		const tell = () => onSaving(savingOf(replica.state));
		tell();
		return replica.subscribe(tell);
	}, [replica, onSaving]);

	// Carets are drawn by ProseMirror, from what other windows announced.
	useEffect(
		() => editor?.setCarets(others.flatMap((other) => caretOf(other, colourOf(other.device)))),
		[editor, others, colourOf],
	);
	useEffect(() => editor?.onSelection((at) => announce(toBase64(at))), [editor, announce]);

	// A tooltip over the tools keeps Escape for itself; listening before it, one key closes it and leads back.
	useEffect(() => {
		const back = (event: globalThis.KeyboardEvent) => {
			if (event.key === "Escape" && tools.current?.contains(document.activeElement)) editor?.focus();
		};
		window.addEventListener("keydown", back, { capture: true });
		return () => window.removeEventListener("keydown", back, { capture: true });
	}, [editor]);

	const onTextKey = (event: KeyboardEvent) => {
		if (event.key === "F10" && event.altKey) {
			tools.current?.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
			event.preventDefault();
		}
	};
	const closeLink = useCallback(() => {
		setLink(undefined);
		editor?.focus();
	}, [editor]);

	return (
		<div className={styles.document}>
			{broken && (
				<p role="alert" className={styles.note}>
					{t("text.broken")}
					<Button onPress={() => void replica.reload()}>{t("app.retry")}</Button>
				</p>
			)}
			{!broken && !writable && !explained && <p className={styles.note}>{t("document.readOnly")}</p>}
			{writable && editor && (
				<div ref={tools} className={styles.tools}>
					<TextTools editor={editor} />
				</div>
			)}
			{/* biome-ignore lint/a11y/noStaticElementInteractions: the key is heard here for the text inside. */}
			<div className={styles.scroll} onKeyDown={onTextKey}>
				<div className={styles.sheet}>
					<div
						ref={place}
						className={styles.place}
						style={{ "--prompt": JSON.stringify(writable ? t("text.prompt") : "") } as React.CSSProperties}
					/>
				</div>
			</div>
			{writable && editor && <SlashMenu editor={editor} />}
			{editor && <Authors {...{ bridge, space, replica, editor, colourOf }} />}
			{link && editor && <LinkDialog editor={editor} href={link.href} onClose={closeLink} />}
		</div>
	);
}

function savingOf({ saving, problem }: ReplicaState): Saving {
	if (saving !== "failed") return { state: saving };
	return { state: "failed", problem: problem ?? { code: "unknown", message: "" } };
}

function caretOf({ device, name, state }: Here, colour: number): Caret[] {
	const place = decodePlace(fromBase64(state));
	return place === null ? [] : [{ ...place, device, name, colour }];
}
