import { createContext, type ReactNode, useContext } from "react";
import type { Status } from "../bridge";
import { trigger, useLive } from "./live";
import { useSession } from "./session";

const StatusContext = createContext<Status | undefined>(undefined);

/** Who has the latest of the open document; undefined while that is not known. */
export function useDocumentStatus(): Status | undefined {
	return useContext(StatusContext);
}

export function StatusProvider({ children }: { children: ReactNode }) {
	const { bridge, connection, place } = useSession();
	const { space, document } = place;
	const { value } = useLive(
		bridge,
		`status ${space} ${document}`,
		async () => (space && document ? await bridge.api.Status(space, document) : undefined),
		[trigger("status", (data) => data.space === space), trigger("network"), trigger("spaces")],
	);
	return <StatusContext value={connection === "connected" ? value : undefined}>{children}</StatusContext>;
}
