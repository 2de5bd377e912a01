import { toParleyError } from "../bridge";

/** Why something did not work: a code for screens to choose their words by, and a sentence in English. */
export interface Problem {
	readonly code: string;
	readonly message: string;
}

/** An immutable picture of how a replica stands; another object whenever something in it changed. */
export interface ReplicaState {
	/** Whether all that was written here is on disk; "failed" goes on trying. */
	readonly saving: "saved" | "saving" | "failed";
	/** Why saving fails, or why the document cannot be shown. */
	readonly problem: Problem | null;
	/** The document cannot be read or written now; nothing acknowledged is lost. reload() tries again. */
	readonly broken: boolean;
	readonly writable: boolean;
}

/** Whether two pictures show the same. */
export function sameState(a: ReplicaState, b: ReplicaState): boolean {
	return (
		a.saving === b.saving && a.problem === b.problem && a.broken === b.broken && a.writable === b.writable
	);
}

/** What went wrong with a document, of any error. */
export function toProblem(reason: unknown): Problem {
	const error = toParleyError(reason);
	return { code: error.code === "unknown" ? "unreadable" : error.code, message: error.message };
}
