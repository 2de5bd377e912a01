import { describe, expect, test } from "vitest";
import { type Member, ParleyError } from "../bridge";
import { colourOf } from "./colour";
import { Live } from "./live";
import { checkName, nameAfter, personOf, samePerson } from "./names";
import { readPlace, writePlace } from "./place";
import { readPreferences, writePreferences } from "./preferences";
import { roomFor } from "./useRoom";

/** What a browser's storage does, as far as we use it. */
class Memory implements Storage {
	readonly #items = new Map<string, string>();
	get length() {
		return this.#items.size;
	}
	clear() {
		this.#items.clear();
	}
	getItem(key: string) {
		return this.#items.get(key) ?? null;
	}
	key(index: number) {
		return [...this.#items.keys()][index] ?? null;
	}
	removeItem(key: string) {
		this.#items.delete(key);
	}
	setItem(key: string, value: string) {
		this.#items.set(key, value);
	}
}

describe("preferences", () => {
	test("begin with the computer's language and wishes", () => {
		expect(readPreferences(new Memory(), ["de-CH"])).toEqual({
			language: "de",
			theme: "system",
			textSize: 100,
			sidebar: true,
			people: true,
		});
	});

	test("come back as they were kept", () => {
		const storage = new Memory();
		const kept = { language: "de", theme: "contrast", textSize: 150, sidebar: false, people: true } as const;
		writePreferences(storage, kept);
		expect(readPreferences(storage, ["en"])).toEqual(kept);
	});

	test.each(["not json", "null", '{"theme":"pink","textSize":7,"language":"xx"}'])("survive %s", (text) => {
		const storage = new Memory();
		storage.setItem("parley.preferences", text);
		expect(readPreferences(storage, ["en"])).toMatchObject({
			language: "en",
			theme: "system",
			textSize: 100,
		});
	});
});

describe("the place", () => {
	test("is the tab's own after a reload, and the last window's in a new one", () => {
		const [session, local] = [new Memory(), new Memory()];
		writePlace(session, local, { space: "s1", document: "d1", fresh: true });
		writePlace(new Memory(), local, { space: "s2" });
		expect(readPlace(session, local)).toEqual({ space: "s1", document: "d1" });
		expect(readPlace(new Memory(), local)).toEqual({ space: "s2" });
	});

	test("may be another page of a space, where this window knows it", () => {
		const local = new Memory();
		writePlace(new Memory(), local, { space: "s1", page: "people" });
		expect(readPlace(new Memory(), local)).toEqual({ space: "s1", page: "people" });
		local.setItem("parley.place", '{"space":"s1","page":"casino"}');
		expect(readPlace(new Memory(), local)).toEqual({ space: "s1" });
	});

	test.each(["not json", "[]", '{"document":"d1"}'])("is nowhere after %s", (text) => {
		const session = new Memory();
		session.setItem("parley.place", text);
		expect(readPlace(session, new Memory())).toEqual({});
	});
});

describe("room", () => {
	test("is measured in text, so that 200 % of a wide window has the room of half of it", () => {
		expect([1280 / 16, 1000 / 16, 1280 / 32, 400 / 16].map(roomFor)).toEqual([
			"three",
			"two",
			"one",
			"narrow",
		]);
	});
});

describe("names", () => {
	test("are 1 to 80 characters, as the membership log wants them", () => {
		expect(checkName("  ")).toBe("missing");
		expect(checkName("Ayşe 🌻")).toBeUndefined();
		expect(checkName("🌻".repeat(80))).toBeUndefined();
		expect(checkName("a".repeat(81))).toBe("too-long");
	});

	test("one that is made of another is no longer than a name may be", () => {
		const anew = (name: string) => `${name} (new)`;
		expect(nameAfter("Mill Lane", anew)).toBe("Mill Lane (new)");
		expect([...nameAfter("🌻".repeat(80), anew)]).toHaveLength(80);
		expect(nameAfter("🌻".repeat(80), anew)).toMatch(/ \(new\)$/);
	});

	test("what a person says of themselves holds nothing that they left empty", () => {
		expect(personOf(" Cem ", " City council ", true)).toEqual({
			name: "Cem",
			organisation: "City council",
			official: true,
		});
		expect(personOf("Cem", " ", false)).toEqual({ name: "Cem" });
		expect(samePerson({ name: "Cem" }, { name: "Cem", organisation: "", official: false })).toBe(true);
		expect(samePerson({ name: "Cem" }, { name: "Cem", official: true })).toBe(false);
	});
});

describe("colours of people", () => {
	const since = "2026-11-23T12:00:00Z";
	const member = (device: string): Member => ({
		device,
		name: device,
		role: "editor",
		you: false,
		connected: true,
		joined: since,
		verified: "no",
		devices: [`${device}1`, `${device}2`].map((one) => ({
			device: one,
			label: "",
			thisOne: false,
			connected: true,
			since,
			newSinceVerified: false,
		})),
	});
	const space = { members: ["a", "b"].map(member) };

	test("differ by the member's place", () => {
		expect(colourOf(space, "a")).toBe(1);
		expect(colourOf(space, "b")).toBe(2);
		expect(colourOf(undefined, "b")).toBe(1);
	});

	test("are those of all a person's devices", () => {
		expect(colourOf(space, "b2")).toBe(2);
	});
});

describe("a Live", () => {
	test("tells nobody of an answer that says the same as the one before", async () => {
		const answers = [{ names: ["Anna"] }, { names: ["Anna"] }, { names: ["Anna", "Omar"] }];
		let asked = 0;
		const live = new Live(() => Promise.resolve(answers[asked++]));
		const told: unknown[] = [];
		live.subscribe(() => told.push(live.state.value));
		for (const _ of answers) {
			live.refresh();
			await Promise.resolve().then(() => undefined);
		}
		expect(asked).toBe(3);
		expect(told).toEqual([{ names: ["Anna"] }, { names: ["Anna", "Omar"] }]);
		expect(live.state.value).toBe(told[1]);
	});

	function questions() {
		const asked: { answer(value: number): void; fail(reason: unknown): void }[] = [];
		const live = new Live<number>(
			() => new Promise((answer, fail) => asked.push({ answer: (value) => answer(value), fail })),
		);
		const next = () => new Promise<void>((told) => live.subscribe(told));
		return { asked, live, next };
	}

	test("asks once more after however many events, and keeps the last answer", async () => {
		const { asked, live, next } = questions();
		live.refresh();
		live.refresh();
		live.refresh();
		expect(asked).toHaveLength(1);
		let told = next();
		asked[0]?.answer(1);
		await told;
		expect(asked).toHaveLength(2);
		expect(live.state.value).toBe(1);
		told = next();
		asked[1]?.answer(2);
		await told;
		expect(live.state.value).toBe(2);
		expect(asked).toHaveLength(2);
	});

	test("keeps the old answer beside the reason of a failure", async () => {
		const { asked, live, next } = questions();
		live.refresh();
		let told = next();
		asked[0]?.answer(1);
		await told;
		live.refresh();
		told = next();
		asked[1]?.fail(new ParleyError("timeout", "It took too long."));
		await told;
		expect(live.state).toMatchObject({ value: 1, error: { code: "timeout" } });
	});
});
