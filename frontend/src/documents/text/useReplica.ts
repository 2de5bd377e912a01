import { useEffect, useState, useSyncExternalStore } from "react";
import type { Bridge, DocumentID, SpaceID } from "../../bridge";
import { Replica } from "../../replica";
import type { Lending } from "../lending";

export interface OpenText {
	/** Undefined until it is open. */
	replica: Replica | undefined;
	/** Why it could not be opened. */
	error: unknown;
}

/** Keeps the body of a document open while the component is there. */
export function useReplica(
	replicas: Lending<Replica>,
	bridge: Bridge,
	space: SpaceID,
	document: DocumentID,
): OpenText {
	const [open, setOpen] = useState<OpenText>({ replica: undefined, error: undefined });
	// An open replica is a thing outside of React: it is opened and closed with the component.
	useEffect(() => {
		let left = false;
		const address = { space, document, part: "body" } as const;
		replicas
			.borrow(document, () => Replica.open(bridge, address))
			.then(
				(replica) => !left && setOpen({ replica, error: undefined }),
				(error: unknown) => !left && setOpen({ replica: undefined, error }),
			);
		return () => {
			left = true;
			void replicas.giveBack(document);
		};
	}, [replicas, bridge, space, document]);
	return open;
}

/** One fact of a replica's state; drawn anew only when that fact changes, not with every key. */
export function useReplicaFact(replica: Replica, fact: "broken" | "writable"): boolean {
	return useSyncExternalStore(
		(listener) => replica.subscribe(listener),
		() => replica.state[fact],
	);
}

/** Whether the document has come to this computer. */
export function useArrived(replica: Replica): boolean {
	return useSyncExternalStore(
		(listener) => {
			const stops = [replica.onPatches(listener), replica.onReset(listener)];
			return () => {
				for (const stop of stops) stop();
			};
		},
		() => replica.arrived,
	);
}

/** A right that was given or taken since the document was opened: the Go side is asked again what holds now. */
export function useRight(replica: Replica, mayWrite: boolean): void {
	const writable = useReplicaFact(replica, "writable");
	const broken = useReplicaFact(replica, "broken");
	// The replica is a thing outside of React.
	useEffect(() => {
		if (mayWrite !== writable && !broken) void replica.reload();
	}, [replica, mayWrite, writable, broken]);
}
