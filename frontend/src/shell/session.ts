import { createContext, useContext } from "react";
import type { Bridge, Connection, Person, Space, Welcome } from "../bridge";
import type { Lending } from "../documents/lending";
import type { IndexReplica, Replica } from "../replica";
import type { Notices } from "../ui/Toasts";
import type { Place } from "./place";
import type { Preferences } from "./preferences";

/** Which dialog stands over the page. */
export type DialogName =
	| "create-space"
	| "bring-in"
	| "save-as"
	| "join"
	| "join-room"
	| "invite"
	| "room"
	| "person"
	| "succeed"
	| "network"
	| "settings"
	| "keys"
	| "about"
	| "devices"
	| "use-link"
	| "verify"
	| "pending"
	| "take-in";

/** A dialog that is open, and what it is about. */
export interface OpenDialog {
	name: DialogName;
	subject: string | undefined;
	/** A file that somebody has dropped on the window, which the dialog asks about. */
	file?: File;
}

/** What every dialog is given. */
export interface DialogProps extends Omit<OpenDialog, "name"> {
	onClose: () => void;
}

/** What every screen may know and do. */
export interface Session {
	bridge: Bridge;
	connection: Connection;
	welcome: Welcome;
	you: Person;
	/** After the Go side has taken it. */
	setYou: (person: Person) => void;
	spaces: readonly Space[];
	offline: boolean;
	/** Asks the Go side again which spaces there are and who is connected. */
	refresh: () => void;
	notices: Notices;
	preferences: Preferences;
	prefer: (change: Partial<Preferences>) => void;
	/** Where the lists of documents are borrowed, and the documents themselves. */
	indexes: Lending<IndexReplica>;
	replicas: Lending<Replica>;
	place: Place;
	/** The space of the place, where this device is in it. */
	space: Space | undefined;
	go: (place: Place) => void;
	/** `subject` says what the dialog is about, where it is about one of several: a person's seat, a code. */
	openDialog: (name: DialogName, subject?: string) => void;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
	const session = useContext(SessionContext);
	if (session === undefined) throw new Error("useSession outside of a session");
	return session;
}
