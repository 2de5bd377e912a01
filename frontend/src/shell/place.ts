import type { DocumentID, SpaceID } from "../bridge";

/** Where a window is: nowhere yet, in a space, or in one of its documents. */
export interface Place {
	space?: SpaceID;
	document?: DocumentID;
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
	const text = JSON.stringify({ space: place.space, document: place.document });
	session.setItem(KEY, text);
	local.setItem(KEY, text);
}

function parse(text: string): Place {
	try {
		const { space, document } = JSON.parse(text) as Record<string, unknown>;
		if (typeof space !== "string") return {};
		return typeof document === "string" ? { space, document } : { space };
	} catch {
		return {}; // Written by something else: start from nowhere.
	}
}
