/**
 * What a window may ask of the Go side, and what it is told. The names here are the ones on the wire: methods
 * of `app.Window`, JSON tags of its structs. Bytes cross as base64 (see base64.ts), times as RFC 3339 strings.
 */

export type SpaceID = string;
export type DeviceID = string;
export type DocumentID = string;
export type Part = "body" | "annotations";
export type Role = "facilitator" | "editor" | "annotator" | "reader" | "keeper";

export interface Person {
	name: string;
	organisation?: string;
	official?: boolean;
}

export interface Member extends Person {
	device: DeviceID;
	role: Role;
	you: boolean;
	connected: boolean;
	/** Absent for this device, for who is connected, and for who was never met. */
	lastSeen?: string;
}

export interface Space {
	id: SpaceID;
	name: string;
	/**
	 * The role of this device; "none" where it was let in with an invitation whose uses went to others, so that
	 * its place does not count.
	 */
	role: Role | "none";
	/** The document that lists the space's documents. */
	index: DocumentID;
	members: Member[];
}

export interface Welcome {
	device: DeviceID;
	version: string;
	/** Absent until the first start has asked for a name. */
	person?: Person | null;
	spaces: Space[];
	offline: boolean;
	/** The folder that holds everything of this device. */
	data: string;
	/** Where a window begins that was nowhere before; the sample device has one. */
	start?: { space: SpaceID; document: DocumentID };
}

export interface Opened {
	/** Hex; leased to this window until it closes the document or goes. */
	actor: string;
	/** The position to pull after. */
	position: number;
	/** Everything stored: Automerge snapshots and changes, base64, in an order that can be loaded. */
	chunks: string[];
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

export interface Invitation {
	id: string;
	code: string;
	role: Role;
	uses: number;
	used: number;
	/** Absent: never. */
	expires?: string;
	withdrawn: boolean;
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

export interface MemberStatus {
	device: DeviceID;
	name: string;
	connected: boolean;
	hasLatest: boolean;
	lastSeen?: string;
}

export interface Status {
	saved: boolean;
	offline: boolean;
	/** The other members; not this device. */
	members: MemberStatus[];
}

export interface Peer {
	device: DeviceID;
	name?: string;
	addresses: string[];
	transport: string;
	/** Round trip in milliseconds; 0 while unknown. */
	rtt: number;
	since: string;
}

export interface Network {
	device: DeviceID;
	addresses: string[];
	peers: Peer[];
	offline: boolean;
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

/** What guards the key that everything on this computer is encrypted with. */
export type Guard = "keyring" | "passphrase" | "file";

export interface WindowApi {
	/** Rejects with the code "locked" or "keyring" while the device is locked; so does every method but Unlock. */
	Hello(): Promise<Welcome>;
	/** Opens a locked device. Where the keyring has the key, it tries once more, and the passphrase does not matter. */
	Unlock(passphrase: string): Promise<void>;
	Guard(): Promise<Guard>;
	/** `current` is the passphrase of now, `next` the one to be; each is empty where it does not matter. */
	SetGuard(guard: Guard, current: string, next: string): Promise<void>;
	SetPerson(person: Person): Promise<void>;
	Spaces(): Promise<Space[]>;
	CreateSpace(name: string): Promise<Space>;
	CreateDocument(space: SpaceID, kind: string, title: string): Promise<DocumentID>;
	OpenDocument(space: SpaceID, document: DocumentID, part: Part): Promise<Opened>;
	CloseDocument(space: SpaceID, document: DocumentID, part: Part): Promise<void>;
	/** Answers once the changes are on disk; one batch in flight at a time, in order. */
	Commit(space: SpaceID, document: DocumentID, part: Part, changes: string[]): Promise<{ position: number }>;
	Pull(space: SpaceID, document: DocumentID, part: Part, after: number): Promise<Pulled>;
	/** Names chunks that this window's Automerge cannot take. They are set aside; open the part again. */
	Trapped(space: SpaceID, document: DocumentID, part: Part, chunks: string[]): Promise<void>;
	/** An invitation that ends after `hours` hours; 0 hours: never. */
	Invite(space: SpaceID, role: Role, uses: number, hours: number): Promise<Invitation>;
	Invitations(space: SpaceID): Promise<Invitation[]>;
	WithdrawInvitation(space: SpaceID, id: string): Promise<void>;
	Join(code: string): Promise<Space>;
	/** Tells the space's connected members where this window is; `state` is base64, at most 2 KiB. */
	Announce(space: SpaceID, document: DocumentID, state: string): Promise<void>;
	/** Where other windows are: those of other devices, and the others of this one. */
	Here(space: SpaceID): Promise<Here[]>;
	/** Whether any other window, of this device or of another, has the document open. */
	Company(space: SpaceID, document: DocumentID): Promise<boolean>;
	Status(space: SpaceID, document: DocumentID): Promise<Status>;
	Network(): Promise<Network>;
	Connect(address: string): Promise<void>;
	SetOffline(offline: boolean): Promise<void>;
	/** After `closing`: what was typed has been handed in. */
	Ready(): Promise<void>;
	/** What nobody has dismissed, newest first. */
	Notices(): Promise<Notice[]>;
	/** Forgets a notice, for all windows of this device. */
	DismissNotice(id: string): Promise<void>;
}

export type Method = keyof WindowApi;

/** What the Go side tells without being asked. Small on purpose: data is pulled by a call. */
export interface Events {
	/** The device was locked and is open now. */
	unlocked: Record<string, never>;
	/** A part got new chunks; pull them. */
	moved: { space: SpaceID; document: DocumentID; part: Part; position: number };
	/** Presence in a space changed. */
	here: { space: SpaceID };
	/** Membership, names or invitations of some space changed. */
	spaces: Record<string, never>;
	/** Somebody connected or left. */
	network: Record<string, never>;
	/** Who has what in a space changed. */
	status: { space: SpaceID };
	/** Other windows came to a document that this one has open, or all have left it; ask Company. */
	company: { space: SpaceID; document: DocumentID };
	/** There is another notice, or one less. */
	notices: Record<string, never>;
	/** The window is about to go: hand in what was typed, then say Ready. */
	closing: Record<string, never>;
}

export type EventName = keyof Events;

export const eventNames: readonly EventName[] = [
	"unlocked",
	"moved",
	"here",
	"spaces",
	"network",
	"status",
	"company",
	"notices",
	"closing",
];
