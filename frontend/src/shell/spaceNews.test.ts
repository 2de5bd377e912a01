import i18next, { type TFunction } from "i18next";
import { beforeAll, expect, test } from "vitest";
import type { Space } from "../bridge";
import en from "../i18n/en.json";
import { somewhere } from "./people/testing";
import { newsElsewhere, newsOf } from "./spaceNews";

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

test("who asks to be let in elsewhere is said, but not of the space that is open", () => {
	const here = somewhere({ id: "here", name: "Bus stop", requests: 1 });
	const park = (requests: number, role: "facilitator" | "reader" = "facilitator") =>
		somewhere({ id: "park", name: "Park", requests, role });
	const said = (was: Space, now: Space) => newsElsewhere([here, was], [here, now], "here", t);
	expect(said(park(0), park(1))).toBe("\u2068Park\u2069: 1 person asks to be let in.");
	expect(said(park(1), park(1))).toBe("");
	expect(said(park(2), park(1))).toBe("");
	expect(said(park(0, "reader"), park(1, "reader"))).toBe("");
	expect(newsElsewhere([here], [here, park(1)], "here", t)).toBe("");
	expect(newsElsewhere([park(0)], [park(1)], "park", t)).toBe("");
});
