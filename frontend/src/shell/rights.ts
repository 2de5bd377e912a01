import type { Role, Space } from "../bridge";

/** From the one who may do most to the one who may do least. */
export const roles = [
	"facilitator",
	"editor",
	"annotator",
	"reader",
	"keeper",
] as const satisfies readonly Role[];

// What the buttons offer; what counts is decided by every peer for itself.

/** Writes in the bodies of documents, and starts new ones. */
export function mayWrite({ role, archived }: Pick<Space, "role" | "archived">): boolean {
	return (role === "facilitator" || role === "editor") && !archived;
}

/** Facilitators look after a space: they invite, change roles, remove, confirm, let in, rename and close. */
export function looksAfter({ role }: Pick<Space, "role">): boolean {
	return role === "facilitator";
}

export function belongs({ role }: Pick<Space, "role">): boolean {
	return role !== "none";
}

/** Nobody looks after the space, and nobody can make anybody do so any more. */
export function isStranded(space: Pick<Space, "role" | "facilitators">): boolean {
	return belongs(space) && space.facilitators === 0;
}

/** Where no facilitator is left, whoever writes can go on in a new space. */
export function maySucceed(space: Pick<Space, "role" | "facilitators">): boolean {
	return isStranded(space) && space.role === "editor";
}

/** Where neither a facilitator nor an editor is left, nobody can found the space that comes after this one. */
export function mayAnybodySucceed({ members }: Pick<Space, "members">): boolean {
	return members.some(({ role }) => role === "editor");
}
