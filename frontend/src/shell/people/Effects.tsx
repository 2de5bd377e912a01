import { Check, Minus } from "lucide-react";
import styles from "./person.module.css";

interface EffectsProps {
	doesTitle: string;
	does: readonly string[];
	doesNotTitle: string;
	doesNot: readonly string[];
}

/** What a step does and what it does not undo, side by side, before somebody takes it. */
export function Effects({ doesTitle, does, doesNotTitle, doesNot }: EffectsProps) {
	return (
		<div className={styles.effects}>
			<section className={styles.does}>
				<h3>{doesTitle}</h3>
				<ul>
					{does.map((words) => (
						<li key={words}>
							<Check aria-hidden />
							<span>{words}</span>
						</li>
					))}
				</ul>
			</section>
			<section className={styles.doesNot}>
				<h3>{doesNotTitle}</h3>
				<ul>
					{doesNot.map((words) => (
						<li key={words}>
							<Minus aria-hidden />
							<span>{words}</span>
						</li>
					))}
				</ul>
			</section>
		</div>
	);
}
