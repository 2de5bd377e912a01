import type { Bridge, DocumentID, Part, SpaceID } from "../bridge";

/** What a replica needs of the bridge. */
export type Door = Pick<Bridge, "api" | "on" | "onConnection" | "onPause">;

export interface Address {
	space: SpaceID;
	document: DocumentID;
	part: Part;
}

/** What stands for an address in a map. */
export function keyOf({ space, document, part }: Address): string {
	return `${space}/${document}/${part}`;
}

/** Calls back with the new position whenever a part got new chunks. */
export function onMoved(door: Door, address: Address, heard: (position: number) => void): () => void {
	return door.on("moved", (moved) => {
		const same =
			moved.space === address.space && moved.document === address.document && moved.part === address.part;
		if (same) heard(moved.position);
	});
}

/** Calls back when somebody else may have opened a document, or left it. */
export function onCompany(door: Door, address: Address, listener: () => void): () => void {
	return door.on("company", ({ space, document }) => {
		if (space === address.space && document === address.document) listener();
	});
}
