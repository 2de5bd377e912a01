import { type ReactNode, useEffect, useRef } from "react";
import styles from "./devices.module.css";

/** The first sentence of a step. It takes the focus, because what had it is gone with the step before. */
export function StepIntro({ children }: { children: ReactNode }) {
	const words = useRef<HTMLParagraphElement>(null);
	useEffect(() => words.current?.focus(), []);
	return (
		<p ref={words} tabIndex={-1} className={styles.intro}>
			{children}
		</p>
	);
}
