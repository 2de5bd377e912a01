import { ProgressBar as AriaProgressBar, Label } from "react-aria-components";
import styles from "./ProgressBar.module.css";

interface ProgressBarProps {
	/** What is going on, and how far it is. */
	label: string;
	done: number;
	of: number;
}

/** How far something is of which it is known how much there is. */
export function ProgressBar({ label, done, of }: ProgressBarProps) {
	return (
		<AriaProgressBar
			value={done}
			maxValue={Math.max(of, 1)}
			valueLabel={`${done} / ${of}`}
			className={styles.progress}
		>
			{({ percentage }) => (
				<>
					<Label>{label}</Label>
					<div className={styles.track}>
						<div className={styles.fill} style={{ inlineSize: `${percentage}%` }} />
					</div>
				</>
			)}
		</AriaProgressBar>
	);
}
