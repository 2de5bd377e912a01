import type { Node } from "prosemirror-model";
import { type Marker, TASK } from "../replica";
import { nodes } from "./schema";

/**
 * A block's attribute `kept`: the marker it was read from, where that is not the one its place on screen would
 * be written as (an unknown type, a container that nothing opens), and the marker its place stands for. So
 * that what another program wrote survives until somebody changes the block itself. `marker` is null for text
 * that has no marker of its own.
 */
export interface Kept {
	marker: Marker | null;
	shown: Marker;
}

export const QUOTE = "blockquote";
export const BULLET_ITEM = "unordered-list-item";
export const ORDERED_ITEM = "ordered-list-item";
export const CALLOUT = "callout";

export function isItem(type: string): boolean {
	return type === BULLET_ITEM || type === ORDERED_ITEM || type === TASK;
}

function isBox(type: string): boolean {
	return type === QUOTE || type === CALLOUT;
}

function isContainer(type: string): boolean {
	return isBox(type) || isItem(type);
}

/** How a block of that marker type is shown: one of the schema's leaf blocks. */
export function shownAs(type: string): "paragraph" | "heading" | "code_block" | "horizontal_rule" {
	if (type === "heading") return "heading";
	if (type === "code-block") return "code_block";
	if (type === "divider") return "horizontal_rule";
	return "paragraph";
}

/** The marker type of a leaf block that does not open a list item. */
export function typeOf(node: Node): string {
	if (node.type === nodes.heading) return "heading";
	if (node.type === nodes.code_block) return "code-block";
	if (node.type === nodes.horizontal_rule) return "divider";
	return "paragraph";
}

export function itemTypeOf(list: Node): string {
	if (list.type === nodes.task_list) return TASK;
	return list.type === nodes.bullet_list ? BULLET_ITEM : ORDERED_ITEM;
}

/** The container that a quote or a callout is. */
export function boxTypeOf(node: Node): string {
	return node.type === nodes.callout ? CALLOUT : QUOTE;
}

/** The level a heading is shown with. */
export function shownLevel(marker: Marker): number {
	if (marker.type !== "heading") return 0;
	return marker.level >= 1 && marker.level <= 6 ? marker.level : 1;
}

/** Where a block stands, given where the one before it stands. */
export interface Place {
	/** The containers around the block, its own new item included, outermost first. */
	path: readonly string[];
	/** How many of them it shares with the block before it. */
	shared: number;
	/** Whether the last of them is a list item that this block begins. */
	begins: boolean;
}

/**
 * Finds a block's place. Containers are shared with the block before as far as the parents agree. A quote
 * and a callout open wherever they are named; a list item opens by its own marker, or by a plain paragraph right inside it
 * whose item is gone (somebody deleted the item's first line while another wrote below). Any other container
 * cannot be shown and is passed over.
 */
export function placeOf(marker: Marker, before: readonly string[]): Place {
	const path: string[] = [];
	const item = isItem(marker.type);
	const paragraph = shownAs(marker.type) === "paragraph";
	let sharing = true;
	let begins = false;
	const parents = marker.parents.filter(isContainer);
	parents.forEach((parent, i) => {
		if (sharing && before[path.length] === parent) {
			path.push(parent);
		} else if (isBox(parent)) {
			sharing = false;
			path.push(parent);
		} else if (paragraph && !item && i === parents.length - 1) {
			sharing = false;
			begins = true;
			path.push(parent);
		}
	});
	let shared = 0;
	while (shared < path.length && path[shared] === before[shared]) shared++;
	if (begins) shared = Math.min(shared, path.length - 1);
	if (item) {
		shared = Math.min(shared, path.length);
		path.push(marker.type);
		begins = true;
	}
	return { path, shared, begins };
}

/** The marker a block in that place is written as. */
export function canonical(place: Place, type: string, level: number, done: boolean): Marker {
	if (!place.begins) return { type, parents: place.path, level };
	const item = place.path.at(-1) ?? type;
	const marker = { type: item, parents: place.path.slice(0, -1), level: 0 };
	return item === TASK && done ? { ...marker, done: true } : marker;
}

export function sameMarker(a: Marker, b: Marker): boolean {
	return a.type === b.type && a.level === b.level && a.done === b.done && sameList(a.parents, b.parents);
}

export function sameList(a: readonly string[], b: readonly string[]): boolean {
	return a.length === b.length && a.every((item, i) => item === b[i]);
}
