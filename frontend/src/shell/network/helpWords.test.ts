import i18next, { type TFunction } from "i18next";
import { beforeAll, expect, test } from "vitest";
import type { Network } from "../../bridge";
import en from "../../i18n/en.json";
import { helpWords } from "./helpWords";

let t: TFunction;
beforeAll(async () => {
	t = await i18next.init({
		lng: "en",
		resources: { en: { translation: en } },
		interpolation: { escapeValue: false },
	});
});

const network: Network = {
	device: "d",
	addresses: [],
	peers: [],
	offline: false,
	frugal: false,
	spares: "",
	helps: true,
	helping: true,
	helped: 3,
	bootstrap: [],
	asking: false,
	answering: 0,
	serving: [],
};
const said = (other: Partial<Network>) => helpWords({ ...network, ...other }, t);

test("it is said how many this computer helps", () => {
	expect(said({})).toBe("This computer helps 3 others find each other.");
	expect(said({ helped: 1 })).toBe("This computer helps 1 other to be found.");
	expect(said({ helped: 0 })).toContain("Nobody needs that");
});

test("it is said when it helps nobody, and what for", () => {
	for (const other of [{ helping: false }, { helps: false }, { offline: true }])
		expect(said(other)).toContain("When the internet reaches");
	for (const other of [{ frugal: true }, { spares: "metered" as const }])
		expect(said({ ...other, helping: false })).toContain("sparingly");
});
