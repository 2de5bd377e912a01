import { LoaderCircle, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Told } from "../../ui/Told";
import styles from "./dialogs.module.css";

/** What went wrong and what to do about it; said at once. */
export function Problem({ children }: { children: ReactNode }) {
	return (
		<p className={styles.problem} role="alert">
			<TriangleAlert aria-hidden />
			<span>{typeof children === "string" ? <Told text={children} /> : children}</span>
		</p>
	);
}

export function Progress({ title, children }: { title: string; children?: ReactNode }) {
	return (
		<div className={styles.progress} role="status">
			<LoaderCircle aria-hidden />
			<div>
				<p>{title}</p>
				{children && <p className={styles.note}>{children}</p>}
			</div>
		</div>
	);
}
