import type { Space } from "../bridge";

/** What the buttons offer; what counts is decided by every peer for itself. */
export function mayWrite(role: Space["role"]): boolean {
	return role === "facilitator" || role === "editor";
}

export function mayInvite(role: Space["role"]): boolean {
	return role === "facilitator";
}
