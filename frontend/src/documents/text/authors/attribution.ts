import type { Author } from "../../../bridge";
import type { AuthorLook, Passage } from "../../../editor";
import type { TFunction } from "../../../i18n";
import type { Stretch } from "../../../replica";

const LINES = ["solid", "dashed", "dotted", "double", "wavy"] as const;

/** Who an actor is to a reader: a person, by whichever of their devices, or what a person has brought in. */
export function authorKey(author: Author | undefined): string {
	if (author?.seat === undefined) return "unknown";
	return `${author.imported ? "imported" : "written"} ${author.seat}`;
}

/** Stretches by person instead of by actor. */
export function byPerson(stretches: readonly Stretch[], authors: ReadonlyMap<string, Author>) {
	return stretches.map(({ from, to, actor }) => ({ from, to, author: authorKey(authors.get(actor)) }));
}

/**
 * What each author is called and looks like; `keys` are shared out the lines in an order of their own,
 * so that nobody's changes when somebody has written more.
 */
export function looksOf(
	keys: readonly string[],
	authors: readonly Author[],
	colourOf: (device: string) => number,
	t: TFunction,
): Map<string, AuthorLook> {
	const known = new Map(authors.map((author) => [authorKey(author), author]));
	return new Map(
		[...keys].sort().map((key, i) => {
			const author = known.get(key);
			const member = author?.seat !== undefined && !author.former && !author.imported;
			return [
				key,
				{
					name: nameOf(author, t),
					colour: member ? `var(--person-${colourOf(author.seat as string)})` : "var(--muted)",
					line: LINES[i % LINES.length] as string,
				},
			];
		}),
	);
}

function nameOf(author: Author | undefined, t: TFunction): string {
	if (author?.seat === undefined) return t("authors.unknown");
	const { name } = author.person;
	if (author.imported) return t("authors.imported", { name });
	return author.former ? t("authors.former", { name }) : name;
}

/** How many letters each author has, who has most first; of two who have as many, who comes first in the text. */
export function shares(passages: readonly Passage[]): { author: string; letters: number }[] {
	const sums = new Map<string, number>();
	for (const { author, letters } of passages) sums.set(author, (sums.get(author) ?? 0) + letters);
	return [...sums].map(([author, letters]) => ({ author, letters })).sort((a, b) => b.letters - a.letters);
}
