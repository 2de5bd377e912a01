import { useEffect, useId, useLayoutEffect, useState, useSyncExternalStore } from "react";
import type { SlashState, TextEditor } from "../../editor";
import { useKeyNames, useTranslation } from "../../i18n";
import { useAnnounce } from "../../ui/announcer";
import { keyLabel } from "../../ui/keys";
import styles from "./SlashMenu.module.css";
import { kindTools, matching, toolLabel } from "./tools";

/** The kinds of block that a slash offers, beside it. */
export function SlashMenu({ editor }: { editor: TextEditor }) {
	const open = useSyncExternalStore(editor.slash.subscribe, editor.slash.getSnapshot);
	return open === null ? null : <Kinds key={open.from} editor={editor} open={open} />;
}

function Kinds({ editor, open }: { editor: TextEditor; open: SlashState }) {
	const { t, i18n } = useTranslation();
	const names = useKeyNames();
	const announce = useAnnounce();
	const list = useId();
	const [pointed, setPointed] = useState(0);
	const [place, setPlace] = useState<React.CSSProperties>();
	const offered = kindTools.filter(({ id }) => editor.commands[id].isEnabled());
	const found = matching(offered, open.query, (id) => toolLabel(id, t), i18n.language);
	const at = Math.min(pointed, found.length - 1);
	const optionID = (index: number) => `${list}-${found[index]?.id}`;
	const choose = (index: number) => {
		const tool = found[index];
		if (tool === undefined) return;
		editor.slash.clear();
		editor.commands[tool.id].run();
	};

	// The keys and what a screen reader follows are the text's: ProseMirror's, outside of React.
	useEffect(() =>
		editor.slash.onKey((key) => {
			if (found.length === 0) return false;
			if (key === "Enter") choose(at);
			else setPointed((at + (key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
			return true;
		}),
	);
	const option = found.length > 0 ? optionID(at) : null;
	useEffect(() => {
		editor.slash.point(option === null ? null : { list, option });
		if (option !== null) document.getElementById(option)?.scrollIntoView({ block: "nearest" });
	}, [editor, list, option]);
	useEffect(() => () => editor.slash.point(null), [editor]);
	useEffect(() => announce(t("text.kindsFound", { number: found.length })), [announce, t, found.length]);
	// Where the slash stands is known once the page is laid out, and changes with the window and its scrolling.
	useLayoutEffect(() => {
		const draw = () => setPlace(beside(editor, open.from));
		draw();
		window.addEventListener("resize", draw);
		window.addEventListener("scroll", draw, { capture: true, passive: true });
		return () => {
			window.removeEventListener("resize", draw);
			window.removeEventListener("scroll", draw, { capture: true });
		};
	}, [editor, open.from]);

	if (found.length === 0) return null;
	return (
		<div id={list} role="listbox" aria-label={t("text.kinds")} className={styles.list} style={place}>
			{found.map((tool, index) => (
				// biome-ignore lint/a11y/useKeyWithClickEvents: the keys are heard in the text, which keeps the focus.
				<div
					key={tool.id}
					id={optionID(index)}
					role="option"
					tabIndex={-1}
					aria-selected={index === at}
					className={styles.option}
					onMouseDown={(event) => event.preventDefault()}
					onMouseMove={() => setPointed(index)}
					onClick={() => choose(index)}
				>
					<tool.icon aria-hidden className={tool.mirrored ? "mirrored" : undefined} />
					<span className={styles.label}>{toolLabel(tool.id, t)}</span>
					<kbd aria-hidden className={styles.keys}>
						{keyLabel(editor.commands[tool.id].keys[0] ?? "", names)}
					</kbd>
				</div>
			))}
		</div>
	);
}

/** Below the slash, or above it where there is more room; within the window on either side. */
function beside(editor: TextEditor, from: number): React.CSSProperties {
	const { left, top, bottom } = editor.view.coordsAtPos(from);
	const { innerWidth, innerHeight } = window;
	const above = innerHeight - bottom < top;
	const room = (above ? top : innerHeight - bottom) - 16;
	return {
		left: `max(0.5rem, min(${left}px, ${innerWidth}px - 18.5rem))`,
		maxBlockSize: `min(22rem, ${room}px)`,
		...(above ? { bottom: innerHeight - top + 4 } : { top: bottom + 4 }),
	};
}
