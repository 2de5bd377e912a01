import type { TFunction } from "i18next";
import type { Network } from "../../bridge";

/** What this computer does to help others of its spaces to find each other, or why it does not. */
export function helpWords(network: Network, t: TFunction): string {
	const { helps, helping, helped, frugal, spares, offline } = network;
	if (helps && !offline && (frugal || spares !== "")) return t("network.helpSpares");
	if (!helps || offline || !helping) return t("network.helpHint");
	return helped > 0 ? t("network.helping", { count: helped }) : t("network.helpReady");
}
