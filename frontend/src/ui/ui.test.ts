import { describe, expect, test } from "vitest";
import { initials } from "./Avatar";
import { keyLabel } from "./keys";
import { appearance } from "./theme";

describe("initials", () => {
	test("are of the first and the last word, whatever the script", () => {
		expect(initials("Anna Maria Okafor")).toBe("AO");
		expect(initials("  omar ")).toBe("O");
		expect(initials("张伟")).toBe("张");
		expect(initials("👩🏽‍🌾 Farm")).toBe("👩🏽‍🌾F");
		expect(initials("")).toBe("");
	});
});

describe("keys", () => {
	const names = {
		ctrl: "Strg",
		alt: "Alt",
		shift: "Umschalt",
		enter: "Eingabe",
		tab: "Tab",
		space: "Leertaste",
		escape: "Esc",
	};

	test("are written as the keyboard has them", () => {
		expect(keyLabel("Mod-Shift-b", names, false)).toBe("Strg+Umschalt+B");
		expect(keyLabel("Mod-Shift-b", names, true)).toBe("⌘⇧B");
		expect(keyLabel("Shift-Enter", names, false)).toBe("Umschalt+Eingabe");
		expect(keyLabel("Mod--", names, false)).toBe("Strg+-");
		expect(keyLabel("F6", names, true)).toBe("F6");
	});
});

describe("the theme", () => {
	const dark = { dark: true, moreContrast: false };

	test("is what was chosen, or what the computer wishes", () => {
		expect(appearance("light", dark)).toEqual({ scheme: "light", moreContrast: false });
		expect(appearance("system", dark)).toEqual({ scheme: "dark", moreContrast: false });
		expect(appearance("system", { dark: false, moreContrast: true })).toEqual({
			scheme: "light",
			moreContrast: true,
		});
		expect(appearance("contrast", dark)).toEqual({ scheme: "dark", moreContrast: true });
	});
});
