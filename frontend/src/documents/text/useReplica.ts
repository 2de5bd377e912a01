import { useEffect, useState, useSyncExternalStore } from "react";
import type { Bridge, DocumentID, SpaceID } from "../../bridge";
import { Replica, type ReplicaState } from "../../replica";

export interface OpenText {
	/** Undefined until it is open. */
	replica: Replica | undefined;
	/** Why it could not be opened. */
	error: unknown;
}

// Giving a document back takes a moment. Whoever comes back meanwhile waits, or would lose what they just opened.
const leaving = new Map<DocumentID, Promise<void>>();

/** Keeps the body of a document open while the component is there. */
export function useReplica(bridge: Bridge, space: SpaceID, document: DocumentID): OpenText {
	const [open, setOpen] = useState<OpenText>({ replica: undefined, error: undefined });
	// An open replica is a thing outside of React: it is opened and closed with the component.
	useEffect(() => {
		let left = false;
		const opening = (leaving.get(document) ?? Promise.resolve()).then(() =>
			Replica.open(bridge, { space, document, part: "body" }),
		);
		opening.then(
			(replica) => !left && setOpen({ replica, error: undefined }),
			(error: unknown) => !left && setOpen({ replica: undefined, error }),
		);
		return () => {
			left = true;
			const closed = opening
				.then((replica) => replica.close())
				.catch(() => undefined) // What never opened needs no closing.
				.finally(() => leaving.get(document) === closed && leaving.delete(document));
			leaving.set(document, closed);
		};
	}, [bridge, space, document]);
	return open;
}

export function useReplicaState(replica: Replica): ReplicaState {
	return useSyncExternalStore(
		(listener) => replica.subscribe(listener),
		() => replica.state,
	);
}

/** Whether the document has come to this computer: its title can be here before its text is. */
export function useArrived(replica: Replica): boolean {
	return useSyncExternalStore(
		(listener) => {
			const stops = [replica.onPatches(listener), replica.onReset(listener)];
			return () => {
				for (const stop of stops) stop();
			};
		},
		() => replica.core.keys("_root").includes("text"),
	);
}
