import type { ConnectionTest, DeviceTest, KeeperTest } from "../../bridge";
import { formatTime, type TFunction } from "../../i18n";
import { isolated } from "../people/personWords";

/** One thing that was found out: how it stands, what that means and what to do. */
export interface Finding {
	id: string;
	state: "good" | "unsure" | "bad";
	text: string;
}

/** What a test has found out, in words. What is wrong comes with what can be done about it. */
export function findings(test: ConnectionTest, t: TFunction, locale: string): Finding[] {
	const { listening, looking, heard, reachable, mapping } = test;
	const found: Finding[] = [];
	const add = (id: string, state: Finding["state"], text: string) => found.push({ id, state, text });
	if (listening.length > 0) add("listening", "good", t("test.listening"));
	else add("listening", "bad", t("test.deaf"));
	if (!looking) add("near", "unsure", t("test.notLooking"));
	else if (heard > 0) add("near", "good", t("test.heard", { count: heard }));
	else add("near", "unsure", t("test.heardNobody"));
	if (reachable === "yes") add("outside", "good", t("test.reachable"));
	else if (mapping === "yes") add("outside", "good", t("test.mapped"));
	else if (test.keepers.some(({ relaying }) => relaying)) add("outside", "good", t("test.byKeeper"));
	else if (reachable === "no") add("outside", "bad", t("test.unreachable"));
	else add("outside", "unsure", t("test.unsure"));
	for (const keeper of test.keepers) found.push(ofKeeper(keeper, t));
	for (const device of test.devices) found.push(ofDevice(device, t, locale));
	return found;
}

function ofKeeper({ device, name, via, relaying, trouble }: KeeperTest, t: TFunction): Finding {
	const names = { name: isolated(name) };
	const id = `keeper ${device}`;
	if (relaying) return { id, state: "good", text: t("test.keeper", names) };
	if (trouble) return { id, state: "bad", text: t(`test.keeperTrouble.${trouble}`, names) };
	return via === ""
		? { id, state: "bad", text: t("test.keeperTrouble.unreached", names) }
		: { id, state: "good", text: t("test.keeperThere", names) };
}

function ofDevice({ device, name, label, via, lastSeen }: DeviceTest, t: TFunction, locale: string): Finding {
	const who = { name: isolated(label ? `${name} (${label})` : name) };
	const id = `device ${device}`;
	if (via !== "") return { id, state: "good", text: t(`test.reached.${via}`, who) };
	const text = lastSeen
		? t("test.notReachedSince", { ...who, time: formatTime(lastSeen, locale) })
		: t("test.neverReached", who);
	return { id, state: "unsure", text };
}
