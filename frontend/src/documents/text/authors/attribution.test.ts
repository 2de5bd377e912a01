import { expect, test } from "vitest";
import type { Author } from "../../../bridge";
import type { TFunction } from "../../../i18n";
import { authorKey, byPerson, looksOf, shares } from "./attribution";

const t = ((key: string, values?: { name: string }) =>
	[key, values?.name].filter(Boolean).join(" ")) as unknown as TFunction;
const by = (actor: string, seat: string, more: Partial<Author> = {}): Author => ({
	actor,
	seat,
	person: { name: seat },
	...more,
});
const authors = [
	by("a1", "Anna"),
	by("a2", "Anna"),
	by("b1", "Ben", { former: true }),
	by("x1", "Anna", { imported: true }),
	{ actor: "y1", person: { name: "" } },
];
const known = new Map(authors.map((author) => [author.actor, author]));

test("two devices of a person are one author, and what they have brought in is another", () => {
	const stretches = ["a1", "a2", "x1", "b1"].map((actor, at) => ({ from: at, to: at + 1, actor }));
	const [first, second, brought, ben] = byPerson(stretches, known).map(({ author }) => author);
	expect(first).toBe(second);
	expect(new Set([first, brought, ben]).size).toBe(3);
});

test("nobody who is unknown is taken for somebody else", () => {
	expect(authorKey(known.get("y1"))).toBe(authorKey(undefined));
	expect(authorKey(undefined)).not.toBe(authorKey(known.get("a1")));
});

test("authors differ by name and by line, not by colour alone", () => {
	const keys = [...new Set(authors.map(authorKey))];
	const found = looksOf(keys, authors, () => 3, t);
	expect(looksOf(keys.toReversed(), authors, () => 3, t)).toEqual(found);
	const looks = keys.flatMap((key) => found.get(key) ?? []);
	expect(looks.map(({ name }) => name)).toEqual([
		"Anna",
		"authors.former Ben",
		"authors.imported Anna",
		"authors.unknown",
	]);
	expect(new Set(looks.map(({ line }) => line)).size).toBe(4);
	expect(looks.map(({ colour }) => colour)).toEqual([
		"var(--person-3)",
		"var(--muted)",
		"var(--muted)",
		"var(--muted)",
	]);
});

test("whoever has written most comes first", () => {
	const passage = (author: string, letters: number) => ({ from: 0, to: letters, letters, author });
	expect(shares([passage("b", 3), passage("a", 4), passage("b", 3)])).toEqual([
		{ author: "b", letters: 6 },
		{ author: "a", letters: 4 },
	]);
});
