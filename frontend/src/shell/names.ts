import type { Person } from "../bridge";

/** The longest name of a person or space, in code points, that the membership log accepts. */
export const LONGEST_NAME = 80;

export type NameProblem = "missing" | "too-long";

export function checkName(name: string): NameProblem | undefined {
	const trimmed = name.trim();
	if (trimmed === "") return "missing";
	return [...trimmed].length > LONGEST_NAME ? "too-long" : undefined;
}

/** A name made of another, which is cut as far as the whole needs it to be no longer than a name may be. */
export function nameAfter(name: string, whole: (name: string) => string): string {
	const over = [...whole(name)].length - LONGEST_NAME;
	return over > 0 ? whole([...name].slice(0, -over).join("").trimEnd()) : whole(name);
}

/** A person as they have typed themselves; what they left empty is not said. */
export function personOf(name: string, organisation: string, official: boolean): Person {
	const speaksFor = organisation.trim();
	return {
		name: name.trim(),
		...(speaksFor !== "" && { organisation: speaksFor }),
		...(official && { official }),
	};
}

/** Whether two say the same of themselves; an organisation that is empty is none. */
export function samePerson(one: Person, other: Person): boolean {
	return (
		one.name === other.name &&
		(one.organisation ?? "") === (other.organisation ?? "") &&
		(one.official ?? false) === (other.official ?? false)
	);
}
