import styles from "./devices.module.css";

/** Words in their order, numbered. They are English whatever the window's language is. */
export function WordList({ words, labelledBy }: { words: readonly string[]; labelledBy: string }) {
	return (
		<ol aria-labelledby={labelledBy} className={styles.words} lang="en" dir="ltr">
			{words.map((word, index) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: the same word may come twice, and none ever moves.
				<li key={index}>{word}</li>
			))}
		</ol>
	);
}
