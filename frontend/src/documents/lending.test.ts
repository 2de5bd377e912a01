import { expect, test } from "vitest";
import { Lending } from "./lending";

/** A thing whose saving and closing the test decides. */
class Thing {
	readonly name: string;
	saves: () => void = () => undefined;
	closes: () => void = () => undefined;
	closing = false;
	#saved = new Promise<void>((resolve) => {
		this.saves = resolve;
	});
	#closed = new Promise<void>((resolve) => {
		this.closes = resolve;
	});

	constructor(name: string) {
		this.name = name;
	}
	saved() {
		return this.#saved;
	}
	close() {
		this.closing = true;
		return this.#closed;
	}
}

function shelf() {
	const opened: Thing[] = [];
	const lending = new Lending<Thing>();
	const borrow = () =>
		lending.borrow("d", async () => {
			const thing = new Thing(`thing ${opened.length + 1}`);
			opened.push(thing);
			return thing;
		});
	return { opened, lending, borrow };
}

test("two who come at once get the same, and the last one closes it", async () => {
	const { opened, lending, borrow } = shelf();
	const [first, second] = await Promise.all([borrow(), borrow()]);
	expect(first).toBe(second);
	await lending.giveBack("d");
	expect(first.closing).toBe(false);
	first.saves();
	first.closes();
	await lending.giveBack("d");
	expect(first.closing).toBe(true);
	expect(opened).toHaveLength(1);
});

test("who comes back before all was saved gets the same thing again", async () => {
	const { opened, lending, borrow } = shelf();
	const thing = await borrow();
	const gone = lending.giveBack("d");
	expect(lending.saving).toBe(true);
	expect(await borrow()).toBe(thing);
	expect(lending.saving).toBe(false);
	thing.saves();
	await gone;
	expect(thing.closing).toBe(false);
	expect(opened).toHaveLength(1);
});

test("who comes back while it closes waits, and gets a new one", async () => {
	const { opened, lending, borrow } = shelf();
	const thing = await borrow();
	thing.saves();
	const gone = lending.giveBack("d");
	await expect.poll(() => thing.closing).toBe(true);
	const next = borrow();
	expect(opened).toHaveLength(1);
	thing.closes();
	await gone;
	expect((await next).name).toBe("thing 2");
});

test("what could not be opened is opened anew by the next one", async () => {
	const lending = new Lending<Thing>();
	const failed = lending.borrow("d", () => Promise.reject(new Error("not now")));
	await expect(failed).rejects.toThrow("not now");
	await lending.giveBack("d");
	const thing = await lending.borrow("d", async () => new Thing("second try"));
	expect(thing.name).toBe("second try");
});
