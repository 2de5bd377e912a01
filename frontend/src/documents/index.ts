import { FileQuestion, FileText, type LucideIcon } from "lucide-react";
import { type ComponentType, lazy } from "react";
import type { Bridge, DeviceID, DocumentID, Here, Person, SpaceID } from "../bridge";
import type { TFunction } from "../i18n";
import type { Replica } from "../replica";
import { loadReplica } from "../replica/load";
import type { Lending } from "./lending";

/** What has become of a window's own changes to the open document; "failed" goes on trying. */
export type Saving =
	| { state: "saved" }
	| { state: "saving" }
	| { state: "failed"; problem: { code: string; message: string } };

/** What a kind's component is given; one mount is one open document. */
export interface DocumentProps {
	bridge: Bridge;
	space: SpaceID;
	document: DocumentID;
	/** Where open replicas of documents are borrowed. */
	replicas: Lending<Replica>;
	you: Person;
	/** The other people in this document now; their `state` is what their window's component announced. */
	others: readonly Here[];
	/** The number of a person's colour, from 1. */
	colourOf: (device: DeviceID) => number;
	/** Whether this person's role lets them write here now; the Go side has the last word. */
	mayWrite: boolean;
	/** Archived: shown for reading, also to who may write. */
	archived: boolean;
	/** Whether it has been said already why nobody here can write. */
	explained: boolean;
	/** Take the focus as soon as there is something to write in. */
	autoFocus: boolean;
	onSaving: (saving: Saving) => void;
	/** Announces where this person is in the document; base64, at most 2 KiB. May be called at every keystroke. */
	announce: (state: string) => void;
}

export interface DocumentKind {
	icon: LucideIcon;
	/** Fetched with everything it needs when it is first drawn; undefined where this window cannot show the kind. */
	Component: ComponentType<DocumentProps> | undefined;
	/** Fetches what the keyboard help says of the kind. */
	keys: (() => Promise<{ default: (t: TFunction) => readonly KeySection[] }>) | undefined;
}

/** A part of the keyboard help. */
export interface KeySection {
	caption: string;
	rows: readonly KeyHelp[];
}

/** One line of the keyboard help. */
export interface KeyHelp {
	action: string;
	/** Names of keys as keyLabel takes them; any of them does. */
	keys?: readonly string[];
	/** What one types instead; any of them does. */
	typed?: readonly string[];
}

const loadText = async () => {
	await loadReplica();
	return await import("./text/TextDocument");
};

/** The kinds of documents: one line each. */
const kinds: Record<string, DocumentKind> = {
	text: {
		icon: FileText,
		Component: lazy(loadText),
		keys: () => import("./text/keys"),
	},
};

const unknownKind: DocumentKind = { icon: FileQuestion, Component: undefined, keys: undefined };

/** Fetches ahead what nearly every window needs a moment later. A failure is told by whoever needs it then. */
export function preload(): void {
	loadText().catch(() => undefined);
}

/** What there is to know of every kind that this window can show. */
export const knownKinds: readonly DocumentKind[] = Object.values(kinds);

/** A kind that a newer Parley made is shown as such, never as an error. */
export function kindOf(kind: string): DocumentKind {
	return Object.hasOwn(kinds, kind) ? (kinds[kind] ?? unknownKind) : unknownKind;
}
