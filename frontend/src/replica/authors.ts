import type { Core } from "./automerge";

/** Characters and markers beside one another that one actor has written. */
export interface Stretch {
	readonly from: number;
	readonly to: number;
	/** Hex. */
	readonly actor: string;
}

/**
 * Who inserted what stands from `from` to `to` of the text under `key`: each character's own operation says so,
 * whatever became of it later. Positions are RichText's. A cursor is the name of the element that it stands at,
 * `counter@actor`, so the core is asked for those.
 */
export function authorsOf(core: Core, from = 0, to = Number.POSITIVE_INFINITY, key = "text"): Stretch[] {
	const entry = core.getWithType("_root", key);
	if (entry?.[0] !== "text") return [];
	const end = Math.min(to, core.length(entry[1]));
	const stretches: Stretch[] = [];
	let [began, actor] = [from, ""];
	for (let at = from; at < end; at++) {
		const cursor = core.getCursor(entry[1], at);
		const name = cursor.slice(cursor.indexOf("@") + 1);
		if (name === actor) continue;
		if (at > from) stretches.push({ from: began, to: at, actor });
		[began, actor] = [at, name];
	}
	if (end > from) stretches.push({ from: began, to: end, actor });
	return stretches;
}
