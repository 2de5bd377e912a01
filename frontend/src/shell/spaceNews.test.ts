import i18next, { type TFunction } from "i18next";
import { beforeAll, expect, test } from "vitest";
import en from "../i18n/en.json";
import { somewhere } from "./people/testing";
import { newsOf } from "./spaceNews";

let t: TFunction;
beforeAll(async () => {
	t = await i18next.init({
		lng: "en",
		resources: { en: { translation: en } },
		interpolation: { escapeValue: false },
	});
});

test("what changes about a space is said once, to whom it concerns", () => {
	const before = somewhere();
	expect(newsOf(before, somewhere(), t)).toBe("");
	expect(newsOf(before, somewhere({ requests: 2 }), t)).toBe("2 people ask to be let in.");
	expect(newsOf(somewhere({ requests: 2 }), somewhere({ requests: 1 }), t)).toBe("");
	expect(newsOf(before, somewhere({ quarantined: 1 }), t)).toBe("1 piece of work is set aside.");
	expect(newsOf(somewhere({ role: "reader" }), somewhere({ role: "reader", requests: 2 }), t)).toBe("");
	expect(newsOf(before, somewhere({ role: "reader" }), t)).toBe(
		"You are a reader here: you read everything.",
	);
	expect(newsOf(before, somewhere({ archived: true }), t)).toBe(en.thisSpace.stripClosed);
	expect(newsOf(somewhere({ archived: true }), before, t)).toBe(en.thisSpace.reopened);
	expect(newsOf(before, somewhere({ role: "none", youWere: "removed" }), t)).toBe(en.thisSpace.stripGone);
});
