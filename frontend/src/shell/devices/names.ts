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

/** What a device is called on a screen. */
export function deviceName({ label, thisOne }: Pick<MyDevice, "label" | "thisOne">, t: TFunction): string {
	if (label !== "") return label;
	return thisOne ? t("devices.thisOne") : t("devices.unnamed");
}
