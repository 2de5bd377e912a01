// Who belongs to a space, as what, and how they come in.

import type { DocumentID, Part } from "./work";

export type SpaceID = string;

export type DeviceID = string;

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

/** An application of this device that a facilitator has yet to answer. */
export interface PendingJoin {
	id: string;
	/** Of the space. */
	name: string;
	since: string;
	/** Absent: never. */
	expires?: string;
}
