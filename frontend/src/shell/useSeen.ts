import { useMemo } from "react";
import type { DocumentID, DocumentSeen, Space } from "../bridge";
import { trigger, useLive } from "./live";
import { useSession } from "./session";

/** How many people have the latest of each document of a space. */
export function useSeen({ id }: Space): ReadonlyMap<DocumentID, DocumentSeen> {
	const { bridge } = useSession();
	const { value } = useLive(bridge, `seen ${id}`, () => bridge.api.Seen(id), [
		trigger("status", (data) => data.space === id),
		trigger("spaces"),
	]);
	return useMemo(() => new Map(value?.map((seen) => [seen.document, seen])), [value]);
}
