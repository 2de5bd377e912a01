/** Two different places among so many words, the earlier one first. */
export function chooseTwo(count: number): [number, number] {
	const [first = 0, second = 0] = crypto.getRandomValues(new Uint32Array(2));
	const one = first % count;
	const other = (one + 1 + (second % (count - 1))) % count;
	return one < other ? [one, other] : [other, one];
}

/** How many letters of a word of the list are enough to know it by. */
const ENOUGH = 4;

/** Whether somebody typed that word; as where the words are used, its first four letters are enough. */
export function isWord(typed: string, word: string): boolean {
	const plain = typed.trim().toLowerCase();
	return plain === word || (plain.length >= ENOUGH && word.startsWith(plain));
}
