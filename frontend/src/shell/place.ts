import type { DocumentID, SpaceID } from "../bridge";

/** A place of a space that is no document: who belongs to it, what is set aside, the space itself. */
export const pages = ["people", "aside", "about"] as const;
export type Page = (typeof pages)[number];

/** Where a window is: nowhere yet, in a space, in one of its documents, or in another place of it. */
export interface Place {
	space?: SpaceID;
	document?: DocumentID;
	/** Without a document only. */
	page?: Page;
	/** The document was made a moment ago, by this window; not kept. */
	fresh?: boolean;
}

const KEY = "parley.place";

/** The place of this tab before a reload, or else where the last window was. */
export function readPlace(session: Storage, local: Storage): Place {
	for (const storage of [session, local]) {
		const kept = storage.getItem(KEY);
		if (kept !== null) return parse(kept);
	}
	return {};
}

export function writePlace(session: Storage, local: Storage, place: Place): void {
	const text = JSON.stringify({ space: place.space, document: place.document, page: place.page });
	session.setItem(KEY, text);
	local.setItem(KEY, text);
}

function parse(text: string): Place {
	try {
		const { space, document, page } = JSON.parse(text) as Record<string, unknown>;
		if (typeof space !== "string") return {};
		if (typeof document === "string") return { space, document };
		const known = pages.find((candidate) => candidate === page);
		return known === undefined ? { space } : { space, page: known };
	} catch {
		return {}; // Written by something else: start from nowhere.
	}
}
