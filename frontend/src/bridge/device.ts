// This device and the person's others: what guards them, links them and brings them back.

import type { DeviceID, Member, Person, Space, SpaceID } from "./people";
import type { DocumentID } from "./work";

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
