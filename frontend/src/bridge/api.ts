/**
 * What a window may ask of the Go side, and what it is told. The names here are the ones on the wire: methods
 * of `app.Window`, JSON tags of its structs. Bytes cross as base64 (see base64.ts), times as RFC 3339 strings.
 */

import type {
	Guard,
	LinkCode,
	Linked,
	MyDevice,
	RecoverySheet,
	RecoveryState,
	Revoked,
	Safety,
	Welcome,
	WordsProblem,
} from "./device";
import type {
	DeviceID,
	Invitation,
	InviteOptions,
	PendingJoin,
	Person,
	Quarantined,
	Reach,
	Request,
	Role,
	Room,
	Space,
	SpaceID,
} from "./people";
import type { CatchingUp, Connection, ConnectionTest, DocumentSeen, Network, Status } from "./reached";
import type {
	Author,
	Carried,
	CarryOptions,
	DocumentID,
	Exported,
	Exporting,
	File,
	Here,
	ImportedDocument,
	Notice,
	Opened,
	Part,
	Pulled,
	SavedDocument,
} from "./work";

export type * from "./device";
export type * from "./people";
export type * from "./reached";
export type * from "./work";

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
	/** Whose the actors of a part are, as far as it has arrived. */
	Authors(space: SpaceID, document: DocumentID, part: Part): Promise<Author[]>;
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
	/** Ends the export of a space that is under way. */
	StopExport(space: SpaceID): Promise<void>;
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
	SetHelping(on: boolean): Promise<void>;
	/** Which computers are asked for members of wide spaces. Fails with "invalid". */
	SetBootstrap(addresses: string[]): Promise<void>;
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
	/** Sends some of the file, in order, after CarryIn, CarryOut or ImportDocument; base64. Answers once it was read. */
	SendPart(carriage: string, part: string, last: boolean): Promise<void>;
	StopCarriage(carriage: string): Promise<void>;
	/** Makes a file of a space that only its members' devices can open. */
	CarryOut(carriage: string, space: SpaceID, options: CarryOptions): Promise<Exported>;
	/** Takes in such a file. What it has taken in stays when it fails or is stopped. */
	CarryIn(carriage: string): Promise<Carried>;
	/** Makes a document of a file of another program, which is called `name`; it is as what the name ends with. */
	ImportDocument(carriage: string, space: SpaceID, name: string): Promise<ImportedDocument>;
	/** Saves a document as a file of another program, whose name ends with `as`. `language` is that of its text, empty if nobody knows. */
	SaveDocument(space: SpaceID, document: DocumentID, as: string, language: string): Promise<SavedDocument>;
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
	/** How far the export of a space is, or how it ended. */
	exporting: Exporting;
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
