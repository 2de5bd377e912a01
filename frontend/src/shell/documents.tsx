import {
	createContext,
	type ReactNode,
	useContext,
	useEffect,
	useMemo,
	useState,
	useSyncExternalStore,
} from "react";
import { type Bridge, type DocumentID, ParleyError, type Space } from "../bridge";
import type { Lending } from "../documents/lending";
import type { IndexEntry, IndexReplica } from "../replica";
import { loadReplica } from "../replica/load";
import { useSession } from "./session";

export type ListedDocument = IndexEntry;

export interface Documents {
	/** Oldest first, archived ones among them. */
	documents: readonly ListedDocument[];
	/** "waiting": this device belongs to the space, but the list has not come from anybody yet. */
	state: "loading" | "waiting" | "ready" | "failed";
	/** Throws a ParleyError where the list cannot be written now. */
	setTitle: (document: DocumentID, title: string) => void;
	/** Archives a document or brings it back. Throws a ParleyError where the list cannot be written now. */
	setArchived: (document: DocumentID, archived: boolean) => void;
}

const none: readonly ListedDocument[] = [];

const DocumentsContext = createContext<Documents>({
	documents: none,
	state: "loading",
	setTitle: refuse,
	setArchived: refuse,
});

/** The documents of the present space. */
export function useDocuments(): Documents {
	return useContext(DocumentsContext);
}

interface DocumentsProviderProps {
	/** Mount anew for another space. */
	space: Space | undefined;
	children: ReactNode;
}

export function DocumentsProvider({ space, children }: DocumentsProviderProps) {
	const { bridge, indexes } = useSession();
	const { index, failed } = useIndex(indexes, bridge, space);
	const documents = useSyncExternalStore(index?.subscribe ?? never, index?.getSnapshot ?? nothing);
	const value = useMemo<Documents>(
		() => ({
			documents,
			state: listState(index, failed),
			setTitle: (document, title) => {
				if (!index?.rename(document, title)) refuse();
			},
			setArchived: (document, archived) => {
				if (!index?.archive(document, archived)) refuse();
			},
		}),
		[documents, index, failed],
	);
	return <DocumentsContext value={value}>{children}</DocumentsContext>;
}

function listState(index: IndexReplica | undefined, failed: boolean): Documents["state"] {
	if (index === undefined) return failed ? "failed" : "loading";
	return index.arrived ? "ready" : "waiting";
}

/**
 * Keeps the space's index open while the component is there. One that could not be opened is tried again when
 * something of it arrives or the connection is back.
 */
function useIndex(
	indexes: Lending<IndexReplica>,
	bridge: Bridge,
	space: Space | undefined,
): { index: IndexReplica | undefined; failed: boolean } {
	const [index, setIndex] = useState<IndexReplica>();
	const [failed, setFailed] = useState(false);
	const id = space?.id;
	const indexID = space?.index;
	// An open replica is a thing outside of React: it is opened and closed with the component.
	useEffect(() => {
		if (id === undefined || indexID === undefined) return;
		let left = false;
		let borrowed = false;
		const open = async () => {
			if (borrowed || left) return;
			borrowed = true;
			try {
				const replica = await indexes.borrow(indexID, async () => {
					const { IndexReplica } = await loadReplica();
					return await IndexReplica.open(bridge, id, indexID);
				});
				if (!left) setIndex(replica);
			} catch {
				if (left) return; // Given back already.
				borrowed = false;
				void indexes.giveBack(indexID);
				setFailed(true);
			}
		};
		const stops = [
			bridge.on("moved", ({ document }) => document === indexID && void open()),
			bridge.onConnection((connection) => connection === "connected" && void open()),
		];
		void open();
		return () => {
			left = true;
			for (const stop of stops) stop();
			if (borrowed) void indexes.giveBack(indexID);
		};
	}, [indexes, bridge, id, indexID]);
	return { index, failed: failed && index === undefined };
}

function refuse(): never {
	throw new ParleyError("not-now", "The list of documents cannot be changed now. Try again in a moment.");
}

function never(): () => void {
	return () => {};
}

function nothing(): readonly ListedDocument[] {
	return none;
}
