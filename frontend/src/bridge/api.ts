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

/** A person who belongs to a space, with all their devices there. */
export interface Member extends Person {
	/** The person's place in this space: the ID of the first of their devices there, which may be gone by now. */
	device: DeviceID;
	role: Role;
	/** This device is one of theirs. */
	you: boolean;
	/** One of their devices is; this one always. */
	connected: boolean;
	/** Absent for you, for who is connected, and for who was never met. */
	lastSeen?: string;
	joined: string;
	/** Who made the invitation, and who let them in by it: names. Absent for the founder. */
	invitedBy?: string;
	admittedBy?: string;
	/** The facilitator who has confirmed that an official is one: a name. Absent: not confirmed. */
	confirmedBy?: string;
	/** Whether you have compared words with them; "changed": they have another device or name since. */
	verified: "yes" | "changed" | "no";
	devices: MemberDevice[];
}

export interface MemberDevice {
	device: DeviceID;
	/** What its owner calls it; may be empty. */
	label: string;
	thisOne: boolean;
	connected: boolean;
	/** As in Member. */
	lastSeen?: string;
	since: string;
	/** It was not there yet when you compared words with this person. */
	newSinceVerified: boolean;
}

/** A person who belongs to a space no more. */
export interface Former extends Person {
	device: DeviceID;
	role: Role;
	/** They left by themselves; otherwise they were removed. */
	left: boolean;
	/** Who removed them: a name. Empty where they left. */
	by: string;
	at: string;
}

/**
 * How far a space's devices look for one another: wherever an address leads, on the local network only, or wherever an
 * address leads while strangers may be asked for one.
 */
export type Reach = "direct" | "local" | "wide";

export interface Space {
	id: SpaceID;
	name: string;
	/** The role of this device; "none" where it does not belong here (any more). */
	role: Role | "none";
	/** The document that lists the space's documents. */
	index: DocumentID;
	/** One for each person, in the order of joining. */
	members: Member[];
	/** Nobody may write, until a facilitator opens the space again. */
	archived: boolean;
	/** How far its devices look for one another. */
	reach: Reach;
	/** How many people are facilitators; without any, nobody can invite, remove or change roles ever again. */
	facilitators: number;
	/** Newest first. */
	formers: Former[];
	/** How many people wait for a facilitator's answer. */
	requests: number;
	/** How many groups of changes a facilitator could let in; see Quarantine. */
	quarantined: number;
	/** Where this space goes on, founded when the last facilitator was gone. */
	successor?: Successor;
	/** Somebody uses a newer Parley, which has said something here that this one does not understand. */
	newer: boolean;
	/**
	 * Why the role is "none": this person was removed or has left, or ("revoked") this device was taken out while
	 * the person stays. Absent there: the invitation's uses went to others, so that the place does not count.
	 */
	youWere?: "removed" | "left" | "revoked";
}

export interface Successor {
	/** Who founded it: a name. */
	by: string;
	name: string;
	/** This device has a code for it and is not in it yet; see JoinSuccessor. */
	canJoin: boolean;
	/** There, where this device is in it already. */
	space?: SpaceID;
}

/** Somebody who has used an invitation that asks first, and waits for a facilitator's answer. */
export interface Request extends Person {
	id: string;
	device: DeviceID;
	role: Role;
	/** Who made the invitation, and whose device took the request: names. */
	invitedBy: string;
	admittedBy: string;
	at: string;
}

/** What one device wrote into one part of a document, and was not let in for one reason. */
export interface Quarantined {
	/** Of exactly these changes: when more come, it is another. */
	id: string;
	document: DocumentID;
	/** Empty where the list of documents does not know it. */
	title: string;
	part: Part;
	/** Whose changes they are, where that is known. */
	device?: DeviceID;
	name: string;
	organisation?: string;
	/** Why, as a code; see docs/window.md. */
	reason: string;
	changes: number;
	/** When the first and the last of them came. */
	since: string;
	until: string;
	/** Bytes. */
	size: number;
	/** The beginning of what they would add in letters; may be empty. */
	excerpt: string;
	/** What they would do in letters; absent where they are too many to count it. */
	does?: { adds: number; takesOut: number };
	/** A facilitator can let them in. */
	admissible: boolean;
}

export interface InviteOptions {
	role: Role;
	uses: number;
	/** When it ends; 0: never. */
	hours: number;
	/** Whoever uses it waits until a facilitator has said yes. */
	ask: boolean;
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

export interface Invitation {
	id: string;
	/** Known on the device that made it, as long as it lets somebody in; otherwise empty. */
	code: string;
	role: Role;
	/** Whoever uses it waits until a facilitator has said yes. */
	ask: boolean;
	/** Who made it: the person's place (see Member) and name. */
	author: DeviceID;
	by: string;
	created: string;
	uses: number;
	used: number;
	/** Absent: never. */
	expires?: string;
	withdrawn: boolean;
}

/** A space that is open to whoever is on the same local network and reads the words on the wall. */
export interface Room {
	open: boolean;
	words: string[];
	role: string;
	/** Absent: it was never open since this device started. */
	expires?: string;
	/** Who knew the words, the first first. */
	joined: RoomGuest[];
	/** How often the words were guessed wrongly. */
	wrong: number;
	/**
	 * Why it is not open any more: somebody closed it, its time was over, its words were guessed wrongly too often,
	 * or its invitation was taken back.
	 */
	ended?: "closed" | "expired" | "guessed" | "withdrawn";
}

export interface RoomGuest {
	device: DeviceID;
	/** Empty until they are in. */
	name: string;
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

/** How far a person has got: what any of their devices has. */
export interface MemberStatus {
	/** The person's place in the space; see Member. */
	device: DeviceID;
	name: string;
	/** Your own other devices. */
	you: boolean;
	connected: boolean;
	hasLatest: boolean;
	lastSeen?: string;
	/** Whether anything is known of what they have. */
	known: boolean;
	/** When they last said what they have; absent while they are connected. */
	asOf?: string;
	/** When the first change was written that they lack, where that is known. */
	lacks?: string;
}

/** How many people of a space have the latest of a document, besides you. */
export interface DocumentSeen {
	document: DocumentID;
	have: number;
	people: number;
}

/** How far it is to get what a space holds from somebody. */
export interface CatchingUp {
	active: boolean;
	/** A name. */
	from: string;
	/** Documents that have come, and that there are to come. */
	done: number;
	of: number;
	/** That have come. */
	bytes: number;
}

export interface Status {
	saved: boolean;
	offline: boolean;
	/** Everybody, but for this device. */
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
	/** The network is to be used sparingly, as somebody has chosen. */
	frugal: boolean;
	/** Why it is by itself: the battery is low, or what goes over the network costs money. */
	spares: "battery" | "metered" | "";
}

/** On the local network, straight over the internet, or by way of a keeper. */
export type Via = "local" | "direct" | "relayed";

/** How a device is reached that is connected now. */
export interface Connection {
	device: DeviceID;
	/** Of its person; known where it shares a space. */
	name?: string;
	via: Via;
	/** The keeper's device, where it is relayed. */
	through?: DeviceID;
	throughName?: string;
	/** Of the device, or of the keeper. */
	address: string;
	transport: string;
	/** Round trip in milliseconds; 0 while unknown. */
	rtt: number;
	since: string;
	/** Bytes, since this device went online. */
	in: number;
	out: number;
	/** Bytes per second. */
	inRate: number;
	outRate: number;
	/** That both are in. */
	spaces: SpaceID[];
}

/** What works on the way from this device to others, in facts. */
export interface ConnectionTest {
	/** Addresses on this computer. */
	listening: string[];
	/** Whether devices on the local network are looked for, and how many were found there. */
	looking: boolean;
	heard: number;
	/** This computer has an address of the internet's. */
	ipv6: boolean;
	/** From outside, without a keeper. */
	reachable: "yes" | "no" | "unknown";
	/** Addresses at which it is. */
	outside: string[];
	/** The router has opened a port; "off": it is not asked to. */
	mapping: "yes" | "no" | "off";
	keepers: KeeperTest[];
	devices: DeviceTest[];
}

export interface KeeperTest {
	device: DeviceID;
	name: string;
	spaces: SpaceID[];
	/** Empty: not connected. */
	via: Via | "";
	/** This device can be reached through it. */
	relaying: boolean;
	/**
	 * Why it cannot: the keeper does not answer or nobody knows where it is; it is reached through another keeper only;
	 * it does not know this device for a member; it relays for as many as it can; it does not relay.
	 */
	trouble?: "unreached" | "relayed" | "refuses" | "full" | "silent";
}

export interface DeviceTest {
	device: DeviceID;
	/** Of its person. */
	name: string;
	/** What they call the device. */
	label: string;
	/** One of your own. */
	you: boolean;
	/** Empty: not connected. */
	via: Via | "";
	through?: DeviceID;
	/** Absent: never. */
	lastSeen?: string;
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

/** One device of this person, over all spaces. */
export interface MyDevice {
	device: DeviceID;
	/** Empty: nobody has named it. */
	label: string;
	thisOne: boolean;
	connected: boolean;
	/** Absent for this device, a connected one, and one that was never met. */
	lastSeen?: string;
	since: string;
	/** Names of the spaces that it is in with this device, and of those that only this device is in. */
	spaces: string[];
	missing: string[];
}

/** What another device of the same person is linked with, once. */
export interface LinkCode {
	code: string;
	/** The same secret, to be typed where both devices are on one network. */
	words: string[];
	expires: string;
}

/** What this device became part of by a link code or by recovery words. */
export interface Linked {
	person: Person;
	spaces: Space[];
}

/** What a device that was taken out takes along. */
export interface Revoked {
	/** The recovery sheet was made on it, and has ended with it. */
	sheetEnded: boolean;
}

/** A sheet that has been drawn. It brings nobody back before KeepRecoverySheet. */
export interface RecoverySheet {
	words: string[];
	made: string;
	/** Names of the spaces that it will bring back. */
	spaces: string[];
}

export interface RecoveryState {
	/** Absent: there is no sheet. */
	made?: string;
	/** How many spaces it brings back, of how many. */
	covers: number;
	of: number;
}

/** What is wrong with words that somebody typed. */
export interface WordsProblem {
	/** Nothing is. */
	right: boolean;
	/** Of the word that is none, from 1; 0: it is about all of them. */
	position: number;
	/** As it was typed. */
	word: string;
	/** What was perhaps meant, or empty. */
	nearest: string;
	/** How many words there are, and how many there should be, where that is wrong; else 0. */
	count: number;
	want: number;
}

/** What two people compare to know that nobody stands between them. */
export interface Safety {
	/** The same six on both sides. */
	words: string[];
	state: Member["verified"];
	/** When they were compared last. */
	since?: string;
	/** Devices that were not there then. */
	fresh: DeviceID[];
	/** Whether other words were compared then, because a device of either side came or went since. */
	other: boolean;
}

/** An application of this device that a facilitator has yet to answer. */
export interface PendingJoin {
	id: string;
	/** Of the space. */
	name: string;
	since: string;
	/** Absent: never. */
	expires?: string;
}

export interface WindowApi {
	/**
	 * Answers when a file, by its hash or reference, is on this computer; gets it from another one first. Rejects with
	 * "not-here" after a while, or where nobody who is connected has it.
	 */
	FetchFile(space: SpaceID, file: string): Promise<File>;
	/** The path below which this page finds files, as SPACE/HASH; empty where it finds none. It waits as FetchFile does. */
	FilesAt(): Promise<string>;
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
	/** Facilitators only. */
	Invite(space: SpaceID, options: InviteOptions): Promise<Invitation>;
	Invitations(space: SpaceID): Promise<Invitation[]>;
	WithdrawInvitation(space: SpaceID, id: string): Promise<void>;
	/** Saves one whose code this device knows as a file, as ExportSpace does. */
	SaveInvitation(space: SpaceID, id: string): Promise<Exported>;
	Join(code: string): Promise<Space>;
	/**
	 * Puts three words up that let in whoever types them on the same local network. Only a facilitator can, for 1 to
	 * 1440 minutes; a room of the space that is open already is closed first.
	 */
	OpenRoom(space: SpaceID, role: Role, minutes: number): Promise<Room>;
	/** Takes the words down. Who is in stays in; no error if no room is open. */
	CloseRoom(space: SpaceID): Promise<void>;
	RoomState(space: SpaceID): Promise<Room>;
	/** Joins by the words on a wall: asks the devices near for up to half a minute. */
	JoinRoom(words: string): Promise<Space>;
	/** Says what is wrong with the words of a wall, as they are typed. */
	CheckRoomWords(words: string): Promise<WordsProblem>;
	/** Who waits for a facilitator's answer, oldest first. */
	Requests(space: SpaceID): Promise<Request[]>;
	AnswerRequest(space: SpaceID, id: string, accept: boolean): Promise<void>;
	/** `seat` is a Member's `device`, here and below; any other device of the person does as well. */
	SetRole(space: SpaceID, seat: DeviceID, role: Role): Promise<void>;
	/** Says that an official is one, or takes that back. Facilitators only, and of others. */
	Confirm(space: SpaceID, seat: DeviceID, confirmed: boolean): Promise<void>;
	/** Cannot be undone: they can only be invited again. Open invitations stay open. */
	RemoveMember(space: SpaceID, seat: DeviceID): Promise<void>;
	/** Takes this person with all their devices out of the space. What is on this device stays until ForgetSpace. */
	LeaveSpace(space: SpaceID): Promise<void>;
	/** Deletes this device's copy of a space that it does not belong to any more. */
	ForgetSpace(space: SpaceID): Promise<void>;
	RenameSpace(space: SpaceID, name: string): Promise<void>;
	/** Only a facilitator can. */
	SetReach(space: SpaceID, reach: Reach): Promise<void>;
	/** Closes the space for everybody's writing, or opens it again. */
	ArchiveSpace(space: SpaceID, archived: boolean): Promise<void>;
	/**
	 * Founds a space in which one without facilitators goes on, with all its documents; the others find it by
	 * JoinSuccessor. May take a while, with `succeeding` events; called again, it goes on where it was cut short.
	 */
	Succeed(space: SpaceID, name: string): Promise<Space>;
	JoinSuccessor(space: SpaceID): Promise<Space>;
	/** Saves everything of a space that this device may read. Tells how far it is by `exporting` events. */
	ExportSpace(space: SpaceID): Promise<Exported>;
	/** What was refused of what others wrote, newest first. */
	Quarantine(space: SpaceID): Promise<Quarantined[]>;
	/** Lets them in, with what they build on. */
	AdmitQuarantined(space: SpaceID, ids: string[]): Promise<void>;
	/** Tells the space's connected members where this window is; `state` is base64, at most 2 KiB. */
	Announce(space: SpaceID, document: DocumentID, state: string): Promise<void>;
	/** Where other windows are: those of other devices, and the others of this one. */
	Here(space: SpaceID): Promise<Here[]>;
	/** Whether any other window, of this device or of another, has the document open. */
	Company(space: SpaceID, document: DocumentID): Promise<boolean>;
	Status(space: SpaceID, document: DocumentID): Promise<Status>;
	/** Of each document of the space that is here. */
	Seen(space: SpaceID): Promise<DocumentSeen[]>;
	CatchingUp(space: SpaceID): Promise<CatchingUp>;
	Network(): Promise<Network>;
	SetFrugal(frugal: boolean): Promise<void>;
	/** How each connected device is reached, and what goes to and fro. */
	Connections(): Promise<Connection[]>;
	/** Tries whatever there is to reach others by, for up to 15 seconds. Fails with "offline". */
	TestConnection(): Promise<ConnectionTest>;
	Connect(address: string): Promise<void>;
	SetOffline(offline: boolean): Promise<void>;
	/** After `closing`: what was typed has been handed in. */
	Ready(): Promise<void>;
	/** This device first. */
	Devices(): Promise<MyDevice[]>;
	/** Makes a code that links one more device; the code before it ends. */
	LinkDevice(): Promise<LinkCode>;
	CancelLink(): Promise<void>;
	/** Makes this device one of whoever made the code, which may also be given as its words. */
	UseLink(code: string, label: string): Promise<Linked>;
	/** Ends a UseLink or Recover that is under way, which then rejects with "stopped". */
	StopSearch(): Promise<void>;
	RenameDevice(device: DeviceID, label: string): Promise<void>;
	/** Takes another device of this person out of all spaces. */
	RevokeDevice(device: DeviceID): Promise<Revoked>;
	NewRecoverySheet(): Promise<RecoverySheet>;
	/** From now on these words bring this person back, and those of an earlier sheet no more. */
	KeepRecoverySheet(words: string): Promise<RecoveryState>;
	RecoveryState(): Promise<RecoveryState>;
	/** Makes this device one of the person's who has these words; `address`, of a member, may be empty. */
	Recover(words: string, address: string, label: string): Promise<Linked>;
	/** Says what is wrong with the words of a sheet or of a link code. */
	CheckWords(words: string): Promise<WordsProblem>;
	/** `seat` is as in SetRole. */
	SafetyWords(space: SpaceID, seat: DeviceID): Promise<Safety>;
	/** Keeps on this device that the words were the same, or that they were not. */
	MarkVerified(space: SpaceID, seat: DeviceID, same: boolean): Promise<void>;
	/** Oldest first. */
	Pending(): Promise<PendingJoin[]>;
	CancelPending(id: string): Promise<void>;
	/**
	 * The code of a link or file that was opened outside, once; empty: there is none. Of a file by which a space is
	 * carried it is `parley-bundle:` and the file's name.
	 */
	TakeHanded(): Promise<string>;
	/**
	 * Names a file that is on its way in or out, so that its progress (`carrying`) can be told and it can be stopped.
	 * `handed` is what TakeHanded gave, where it is such a file; otherwise the page sends its bytes, `size` of them.
	 */
	BeginCarriage(handed: string, size: number): Promise<string>;
	/** Sends some of the file, in order, after CarryIn or CarryOut; base64. Answers once it was read. */
	SendPart(carriage: string, part: string, last: boolean): Promise<void>;
	StopCarriage(carriage: string): Promise<void>;
	/** Makes a file of a space that only its members' devices can open. */
	CarryOut(carriage: string, space: SpaceID, options: CarryOptions): Promise<Exported>;
	/** Takes in such a file. What it has taken in stays when it fails or is stopped. */
	CarryIn(carriage: string): Promise<Carried>;
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
	/** Members, roles, names, invitations, requests or what is in quarantine of some space changed. */
	spaces: Record<string, never>;
	/** Somebody connected or left. */
	network: Record<string, never>;
	/** Who has what in a space changed. */
	status: { space: SpaceID };
	catching: { space: SpaceID };
	/** Other windows came to a document that this one has open, or all have left it; ask Company. */
	company: { space: SpaceID; document: DocumentID };
	/** The room of a space opened or ended, or somebody came in; ask RoomState. */
	room: { space: SpaceID };
	/** There is another notice, or one less. */
	notices: Record<string, never>;
	/** How many documents and files of a space are exported, and of how many. */
	exporting: { space: SpaceID; done: number; of: number };
	/** How many bytes of a file were taken in, or how many documents and files written, and of how many. */
	carrying: { carriage: string; done: number; of: number };
	/** How many documents and files of a space its successor has, and of how many. */
	succeeding: { space: SpaceID; done: number; of: number };
	/** A link or a file was opened outside; ask TakeHanded. */
	handed: Record<string, never>;
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
	"catching",
	"company",
	"room",
	"notices",
	"handed",
	"exporting",
	"carrying",
	"succeeding",
	"closing",
];
