import type { DeviceID, Space } from "../bridge";
import { PERSON_COLOURS } from "../ui/Avatar";
import { placeOf } from "./members";

/**
 * The number of a member's colour, of whom one of the devices is given: by their place among the members, whose
 * order is the same on every device, so that a person has one colour in all windows and the first eight have eight.
 */
export function colourOf(space: Pick<Space, "members"> | undefined, device: DeviceID): number {
	return ((placeOf(space, device) ?? 0) % PERSON_COLOURS) + 1;
}
