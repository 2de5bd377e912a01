// How other devices are reached, and who has what.

import type { DeviceID, SpaceID } from "./people";
import type { DocumentID } from "./work";

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
	/** It may help fellow members to find each other. */
	helps: boolean;
	/** It does: the internet reaches it. */
	helping: boolean;
	/** How many devices others find through it now. */
	helped: number;
	/** Computers to ask for members of wide spaces, as entered here. */
	bootstrap: string[];
	/** They are asked: some space is wide. */
	asking: boolean;
	/** How many such computers answer. */
	answering: number;
	/** Where this computer is one of them. */
	serving: string[];
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
