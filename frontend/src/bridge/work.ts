// Documents and files, as a window opens, keeps and carries them.

import type { DeviceID, Person, SpaceID } from "./people";

export type DocumentID = string;

export type Part = "body" | "annotations";

export interface Opened {
	/** Hex; leased to this window until it closes the document or goes. */
	actor: string;
	/** The position to pull after. */
	position: number;
	/** Everything stored: Automerge snapshots and changes, base64, in an order that can be loaded. */
	chunks: string[];
	/** Whether the role allows it now; every Commit asks again. */
	writable: boolean;
	/** Whether some other window has the document open; see Company. */
	together: boolean;
}

export interface Pulled {
	position: number;
	chunks: string[];
	/** Changes were taken out of the part: these chunks are all that is left of it. */
	anew: boolean;
}

/** Whose an actor of a part is. */
export interface Author {
	/** Hex. */
	actor: string;
	/** Names the person; absent where nobody knows who it is. */
	seat?: DeviceID;
	person: Person;
	/** They are not in the space any more. */
	former?: boolean;
	/** It was written elsewhere, and this person has brought it in. */
	imported?: boolean;
}

export interface Here {
	/** This device itself, where it is another window of it. */
	device: DeviceID;
	name: string;
	document: DocumentID;
	/** What the other window announced, opaque to Go; base64. */
	state: string;
	at: string;
}

/** A file that is kept in a space: a picture, an attachment. */
export interface File {
	/** SHA-256 in hex, which is its name; documents refer to it by `blob:` and this. */
	hash: string;
	/** Bytes. */
	size: number;
	/** What somebody said it is; nothing to rely on. */
	media: string;
	added: string;
	/** No document referred to it when this device last looked. */
	unused?: boolean;
}

/** Where what was saved is. Both empty: the person has changed their mind. */
export interface Exported {
	/** In the desktop program: the file. */
	file: string;
	/** In a browser: where to download it from, once, within a minute. */
	url: string;
}

/** A document that was saved as a file of another program: where, as in Exported, and what the file lacks. */
export interface SavedDocument {
	file: string;
	url: string;
	left: readonly LeftOut[];
}

/** A document that was made of a file of another program, and what of the file it lacks. */
export interface ImportedDocument {
	document: DocumentID;
	title: string;
	left: readonly LeftOut[];
}

/** Something that could not be kept, or became something else. */
export interface LeftOut {
	code: string;
	count: number;
	/** In English, for codes that a screen does not know. */
	sentence: string;
}

/** How far the export of a space is, and how it ended. */
export interface Exporting {
	space: SpaceID;
	/** Of documents and files; `of` grows by the files that have to be fetched. */
	done: number;
	of: number;
	/** Of the files that were not here. */
	fetched: number;
	fetching: number;
	/** Empty: it is under way. */
	end: "" | "made" | "stopped" | "failed";
	/** Once it is made: the files that did not come. */
	absent: readonly Absent[];
	/** Once it is made: how much else it says that it lacks. */
	lacks: number;
}

/** Files that an export lacks for one reason. */
export interface Absent {
	why: "unreachable" | "slow" | "offline" | "outside" | "no-room";
	files: number;
	/** Some who are known to have such a file. */
	who: readonly string[];
}

/** What to put into a file by which a space is carried to its members' other devices. */
export interface CarryOptions {
	/** Empty: all documents. */
	document: DocumentID;
	/** Pictures and attachments too. */
	files: boolean;
	/** Leave out what is known by the earlier file that the page sends. */
	since: boolean;
}

/** What such a file brought. */
export interface Carried {
	space: SpaceID;
	/** Of the space. */
	name: string;
	/** Who made it: a name. */
	by: string;
	made: string;
	/** The space was not on this device before. */
	joined: boolean;
	/** How much there is to know of who belongs to the space that was not here. */
	entries: number;
	/** Documents that were not here, and that have changed. */
	new: number;
	updated: number;
	files: number;
	/** Changes that do not count, and were not here. */
	setAside: number;
	/** Documents of which something builds on an earlier file that was not taken in here. */
	waiting: number;
	/** What could not be read or kept. */
	unreadable: Missing[];
}

/** Something that was left out: its name, and why. */
export interface Missing {
	what: string;
	sentence: string;
}

/** Something that people of this device should know, and that no screen they look at would show. */
export interface Notice {
	id: string;
	/** Which sentence it is; a newer Parley may have left one that this window does not know. */
	code: string;
	space?: SpaceID;
	document?: DocumentID;
	/** What the sentence names: a person, a count, files. */
	values: Record<string, string>;
	at: string;
}
