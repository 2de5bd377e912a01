import { CircleCheck, TriangleAlert, X } from "lucide-react";
import {
	Text,
	UNSTABLE_Toast as Toast,
	UNSTABLE_ToastContent as ToastContent,
	UNSTABLE_ToastQueue as ToastQueue,
	UNSTABLE_ToastRegion as ToastRegion,
} from "react-aria-components";
import { Button, IconButton, join } from "./Button";
import styles from "./Toasts.module.css";
import { Told } from "./Told";

export interface Notice {
	kind: "good" | "problem";
	text: string;
	/** What can be done about it, as long as it is shown. */
	action?: { label: string; run: () => void };
}

export type Notices = ToastQueue<Notice>;

// Milliseconds: to notice that something was said, and to read a letter of it slowly.
const NOTICING = 4000;
const READING = 60;
// Longer where there is something to decide, and to reach with a key or a switch.
const DECIDING = 12_000;

export function createNotices(): Notices {
	return new ToastQueue<Notice>({ maxVisibleToasts: 3 });
}

/** Says what was done, in place of what was done before; it goes by itself. A problem stays until it was read. */
export function notify(notices: Notices, notice: Notice): void {
	if (notice.kind === "problem") {
		notices.add(notice);
		return;
	}
	for (const { key, content } of notices.visibleToasts) if (content.kind === "good") notices.close(key);
	const timeout = (notice.action ? DECIDING : NOTICING) + READING * notice.text.length;
	notices.add(notice, { timeout });
}

/** The window gives way to what is said at its foot (--foot), so that nothing ever lies under it. */
function givesWay(region: HTMLElement | null): (() => void) | undefined {
	if (region === null) return undefined;
	const { style } = document.documentElement;
	const observer = new ResizeObserver(() => style.setProperty("--foot", `${region.offsetHeight}px`));
	observer.observe(region);
	return () => {
		observer.disconnect();
		style.removeProperty("--foot");
	};
}

interface ToastsProps {
	notices: Notices;
	label: string;
	closeLabel: string;
}

export function Toasts({ notices, label, closeLabel }: ToastsProps) {
	const doIt = (key: string, { action }: Notice) => {
		notices.close(key);
		action?.run();
	};
	return (
		<ToastRegion ref={givesWay} queue={notices} aria-label={label} className={styles.region}>
			{({ toast }) => (
				<Toast
					toast={toast}
					className={join(styles.toast, toast.content.kind === "good" ? styles.good : styles.problem)}
				>
					{toast.content.kind === "good" ? <CircleCheck aria-hidden /> : <TriangleAlert aria-hidden />}
					<ToastContent className={styles.text}>
						<Text slot="title">
							<Told text={toast.content.text} />
						</Text>
					</ToastContent>
					{toast.content.action && (
						<Button onPress={() => doIt(toast.key, toast.content)}>{toast.content.action.label}</Button>
					)}
					<IconButton slot="close" icon={X} label={closeLabel} />
				</Toast>
			)}
		</ToastRegion>
	);
}
