export interface BarSizes {
	/** What is left for the groups and the menu of the rest. */
	room: number;
	tool: number;
	gap: number;
}

/**
 * How many tools fit, group after group, each group after a line with gaps around it. Where not all do, one
 * place is kept for the menu of the rest.
 */
export function fitting(groups: readonly (readonly unknown[])[], { room, tool, gap }: BarSizes): number {
	const line = 4 * gap + 1;
	const wide = (count: number) => count * tool + Math.max(0, count - 1) * (gap / 2);
	const all = groups.reduce((width, group) => width + line + wide(group.length), 0);
	const count = groups.flat().length;
	if (all <= room) return count;
	let left = room - tool - gap;
	let fits = 0;
	for (const group of groups) {
		left -= line;
		for (let size = 1; size <= group.length; size++) {
			if (wide(size) > left) return fits;
			fits++;
		}
		left -= wide(group.length);
	}
	return fits;
}
