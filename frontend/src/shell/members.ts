import type { DeviceID, Member, Space } from "../bridge";

type Members = Space["members"];

const indexes = new WeakMap<Members, Map<DeviceID, number>>();

/** The place of each of the members' devices in the list; a space may have a thousand members. */
function indexOf(members: Members): Map<DeviceID, number> {
	const known = indexes.get(members);
	if (known !== undefined) return known;
	const index = new Map<DeviceID, number>();
	members.forEach(({ device, devices }, place) => {
		index.set(device, place);
		for (const own of devices) index.set(own.device, place);
	});
	indexes.set(members, index);
	return index;
}

/** The person to whom a device belongs, whichever of theirs it is. */
export function memberOf(space: Pick<Space, "members"> | undefined, device: DeviceID): Member | undefined {
	return space?.members[indexOf(space.members).get(device) ?? -1];
}

/** Where in the list of members the person of that device stands; undefined where they are no member. */
export function placeOf(space: Pick<Space, "members"> | undefined, device: DeviceID): number | undefined {
	return space && indexOf(space.members).get(device);
}
