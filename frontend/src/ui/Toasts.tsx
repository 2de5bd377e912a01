import { CircleCheck, TriangleAlert, X } from "lucide-react";
import {
	Text,
	UNSTABLE_Toast as Toast,
	UNSTABLE_ToastContent as ToastContent,
	UNSTABLE_ToastQueue as ToastQueue,
	UNSTABLE_ToastRegion as ToastRegion,
} from "react-aria-components";
import { IconButton, join } from "./Button";
import styles from "./Toasts.module.css";

export interface Notice {
	kind: "good" | "problem";
	text: string;
}

export type Notices = ToastQueue<Notice>;

// Good news goes by itself; a problem stays until it was read. Five seconds is what React Aria advises at least.
const SHOWN = 6000;

export function createNotices(): Notices {
	return new ToastQueue<Notice>({ maxVisibleToasts: 3 });
}

export function notify(notices: Notices, notice: Notice): void {
	notices.add(notice, notice.kind === "good" ? { timeout: SHOWN } : {});
}

interface ToastsProps {
	notices: Notices;
	label: string;
	closeLabel: string;
}

export function Toasts({ notices, label, closeLabel }: ToastsProps) {
	return (
		<ToastRegion queue={notices} aria-label={label} className={styles.region}>
			{({ toast }) => (
				<Toast
					toast={toast}
					className={join(styles.toast, toast.content.kind === "good" ? styles.good : styles.problem)}
				>
					{toast.content.kind === "good" ? <CircleCheck aria-hidden /> : <TriangleAlert aria-hidden />}
					<ToastContent className={styles.text}>
						<Text slot="title">{toast.content.text}</Text>
					</ToastContent>
					<IconButton slot="close" icon={X} label={closeLabel} />
				</Toast>
			)}
		</ToastRegion>
	);
}
