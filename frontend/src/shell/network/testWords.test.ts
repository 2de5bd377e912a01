import i18next, { type TFunction } from "i18next";
import { beforeAll, expect, test } from "vitest";
import type { ConnectionTest, KeeperTest } from "../../bridge";
import en from "../../i18n/en.json";
import { findings } from "./testWords";

let t: TFunction;
beforeAll(async () => {
	t = await i18next.init({
		lng: "en",
		resources: { en: { translation: en } },
		interpolation: { escapeValue: false },
	});
});

const found = (test: Partial<ConnectionTest>) =>
	findings(
		{
			listening: ["/ip4/192.168.1.2/tcp/4001"],
			looking: true,
			heard: 0,
			ipv6: false,
			reachable: "unknown",
			outside: [],
			mapping: "off",
			keepers: [],
			devices: [],
			...test,
		},
		t,
		"en-GB",
	);
const states = (test: Partial<ConnectionTest>) => found(test).map(({ id, state }) => `${id}: ${state}`);

test("what works is said to work, and what nobody could try is not", () => {
	expect(states({ heard: 2, reachable: "yes" })).toEqual(["listening: good", "near: good", "outside: good"]);
	expect(states({})).toEqual(["listening: good", "near: unsure", "outside: unsure"]);
	expect(states({ listening: [], looking: false, reachable: "no" })).toEqual([
		"listening: bad",
		"near: unsure",
		"outside: bad",
	]);
});

test("a router or a keeper that lets others through is a way in", () => {
	expect(found({ reachable: "no", mapping: "yes" })[2]).toMatchObject({
		state: "good",
		text: en.test.mapped,
	});
	const keeper: KeeperTest = { device: "k", name: "Library", spaces: [], via: "direct", relaying: true };
	expect(found({ reachable: "no", keepers: [keeper] })[2]).toMatchObject({
		state: "good",
		text: en.test.byKeeper,
	});
});

test("a keeper's trouble says what to do, a device how it is reached or when it was met", () => {
	const keeper: KeeperTest = { device: "k", name: "Library", spaces: [], via: "", relaying: false };
	const texts = found({
		keepers: [
			{ ...keeper, trouble: "unreached" },
			{ ...keeper, via: "direct", trouble: "full" },
			{ ...keeper, via: "local" },
		],
		devices: [
			{ device: "a", name: "Anna", label: "Laptop", you: false, via: "relayed" },
			{ device: "b", name: "Ben", label: "", you: false, via: "", lastSeen: "2020-02-03T10:00:00" },
			{ device: "c", name: "Cleo", label: "", you: false, via: "" },
		],
	})
		.slice(3)
		.map(({ state, text }) => `${state}: ${text.replace(/[\u2068\u2069]/g, "")}`);
	expect(texts).toEqual([
		"bad: The keeper Library does not answer. Check that it is on, and ask who runs it.",
		"bad: The keeper Library passes on for as many as it can. Try later, or add another keeper.",
		"good: The keeper Library is connected.",
		"good: Anna (Laptop) is connected through a keeper.",
		"unsure: Ben is not connected. Last met: 3 February 2020.",
		"unsure: Cleo is not connected, and was never met from this computer.",
	]);
});
