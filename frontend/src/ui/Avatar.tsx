import styles from "./Avatar.module.css";
import { join } from "./Button";

const COLOURS = 8;

/** The number of the person colour (1–8) for whatever names the person's device; the same in every window. */
export function personColour(id: string): number {
	let hash = 0;
	for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
	return (hash % COLOURS) + 1;
}

/** A value of `color`: the token of that person's colour. */
export function personColourToken(id: string): string {
	return `var(--person-${personColour(id)})`;
}

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
	/** The device, which decides the colour. */
	id: string;
	/** Not here now: drawn as an outline. */
	away?: boolean;
}

/** A picture of a person for the eye; whoever shows it also writes or names the person. */
export function Avatar({ name, id, away = false }: AvatarProps) {
	return (
		<span
			aria-hidden
			className={join(styles.avatar, away && styles.away)}
			data-initials={initials(name)}
			style={{ "--person": personColourToken(id) } as React.CSSProperties}
		/>
	);
}

interface AvatarRowProps {
	/** What the row is, for those who hear it. */
	label: string;
	people: readonly { id: string; name: string }[];
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
					<Avatar name={person.name} id={person.id} />
					<span className="visually-hidden">{person.name}</span>
				</li>
			))}
			{rest > 0 && <li className={styles.more}>{more(rest)}</li>}
		</ul>
	);
}
