import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, test } from "vitest";
import en from "../../i18n/en.json";
import { computerOf, deviceName, firstLabel } from "./names";

let t: TFunction;
beforeAll(async () => {
	t = await i18next.init({
		lng: "en",
		resources: { en: { translation: en } },
		interpolation: { escapeValue: false },
	});
});

describe("a device that nobody has named", () => {
	test("is called after its person, and counted where there are several", () => {
		expect(computerOf("Ada", 1, t)).toBe("Ada's computer");
		expect(computerOf("Ada", 2, t)).toBe("Ada's computer 2");
		expect(deviceName({ label: "", thisOne: true }, t)).toBe(en.devices.thisOne);
		expect(deviceName({ label: "", thisOne: false }, t)).toBe(en.devices.unnamed);
	});

	test("gets a name to begin with, where there is room for it", () => {
		expect(firstLabel({ label: "" }, "Ada", t)).toBe("Ada's computer");
		expect(firstLabel({ label: "Laptop" }, "Ada", t)).toBe("Laptop");
		expect(firstLabel({ label: "" }, "Ada ".repeat(10), t)).toBe("");
	});
});
