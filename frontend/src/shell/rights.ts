import type { Role } from "../bridge";

/** What the buttons offer; what counts is decided by every peer for itself. */
export function mayWrite(role: Role): boolean {
	return role === "facilitator" || role === "editor";
}

export function mayInvite(role: Role): boolean {
	return role === "facilitator";
}
