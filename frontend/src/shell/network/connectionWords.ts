import type { WindowApi } from "../../bridge";
import { formatBytes, formatMilliseconds, type TFunction } from "../../i18n";
import { isolated } from "../people/personWords";

/** A device that is connected, and how. */
export type Reached = Awaited<ReturnType<WindowApi["Connections"]>>[number];

/** On which way somebody is reached, and how long it takes there and back. */
export function wayWords({ via, throughName, rtt }: Reached, t: TFunction, locale: string): string {
	const way =
		via === "relayed" && throughName
			? t("network.relayedBy", { name: isolated(throughName) })
			: t(`network.ways.${via}`);
	return rtt > 0 ? t("network.wayAndTime", { way, rtt: formatMilliseconds(rtt, locale) }) : way;
}

/** What goes to and fro now, or has since this computer went online. */
export function trafficWords(
	{ in: came, out: went, inRate, outRate }: Reached,
	t: TFunction,
	locale: string,
): string {
	if (inRate + outRate >= 1024) {
		return t("network.traffic", { in: formatBytes(inRate, locale), out: formatBytes(outRate, locale) });
	}
	return t("network.quiet", { in: formatBytes(came, locale), out: formatBytes(went, locale) });
}
