/** The longest name of a person or space, in code points, that the membership log accepts. */
export const LONGEST_NAME = 80;

export type NameProblem = "missing" | "too-long";

export function checkName(name: string): NameProblem | undefined {
	const trimmed = name.trim();
	if (trimmed === "") return "missing";
	return [...trimmed].length > LONGEST_NAME ? "too-long" : undefined;
}
