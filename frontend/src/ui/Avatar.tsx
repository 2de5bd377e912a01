import styles from "./Avatar.module.css";
import { join } from "./Button";

/** How many colours of people there are in tokens.css: --person-1 and so on. */
export const PERSON_COLOURS = 8;

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The first letters of the first and the last word: "Anna Maria Okafor" is AO. */
export function initials(name: string): string {
	const words = name.trim().split(/\s+/u).filter(Boolean);
	const chosen = words.length > 1 ? [words[0], words[words.length - 1]] : words.slice(0, 1);
	return chosen
		.map(
			(word) =>
				segmenter
					.segment(word ?? "")
					[Symbol.iterator]()
					.next().value?.segment ?? "",
		)
		.join("")
		.toLocaleUpperCase();
}

interface AvatarProps {
	name: string;
	/** Which of the colours of people, from 1. */
	colour: number;
	/** Not here now: drawn as an outline. */
	away?: boolean;
}

/** A picture of a person for the eye; whoever shows it also writes or names the person. */
export function Avatar({ name, colour, away = false }: AvatarProps) {
	return (
		<span
			aria-hidden
			className={join(styles.avatar, away && styles.away)}
			data-initials={initials(name)}
			style={{ "--person": `var(--person-${colour})` } as React.CSSProperties}
		/>
	);
}

interface AvatarRowProps {
	/** What the row is, for those who hear it. */
	label: string;
	people: readonly { id: string; name: string; colour: number }[];
	/** The most avatars to draw. */
	most?: number;
	/** Written for the rest; given how many. */
	more: (count: number) => string;
}

export function AvatarRow({ label, people, most = 4, more }: AvatarRowProps) {
	const rest = people.length - most;
	return (
		<ul aria-label={label} className={styles.row}>
			{people.slice(0, most).map((person) => (
				<li key={person.id} title={person.name}>
					<Avatar name={person.name} colour={person.colour} />
					<span className="visually-hidden">{person.name}</span>
				</li>
			))}
			{rest > 0 && <li className={styles.more}>{more(rest)}</li>}
		</ul>
	);
}
