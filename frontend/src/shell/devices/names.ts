import type { MyDevice } from "../../bridge";
import type { TFunction } from "../../i18n";

/** The longest name of a device, in code points, that the membership log accepts. */
export const LONGEST_LABEL = 40;

/** What is wrong with a device's name, in words; undefined: nothing. */
export function labelProblem(label: string, t: TFunction): string | undefined {
	const trimmed = label.trim();
	if (trimmed === "") return t("devices.nameMissing");
	return [...trimmed].length > LONGEST_LABEL ? t("devices.nameTooLong") : undefined;
}

/** What a device is called that nobody has named; `nth` counts where a person has several of those. */
export function computerOf(name: string, nth: number, t: TFunction): string {
	return nth === 1 ? t("devices.computerOf", { name }) : t("devices.computerOfNth", { name, number: nth });
}

/** A name to begin with for a device of one's own; empty where the person's is too long for it. */
export function firstLabel({ label }: Pick<MyDevice, "label">, person: string, t: TFunction): string {
	const first = label || computerOf(person, 1, t);
	return [...first].length > LONGEST_LABEL ? "" : first;
}

/** What a device of one's own is called on a screen. */
export function deviceName({ label, thisOne }: Pick<MyDevice, "label" | "thisOne">, t: TFunction): string {
	if (label !== "") return label;
	return thisOne ? t("devices.thisOne") : t("devices.unnamed");
}
