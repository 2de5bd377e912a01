import { describe, expect, test } from "vitest";
import { authorsOf, loadCore, RichText } from "../replica";
import { type Authored, passagesOf } from "./authorship";
import { newText, Writer } from "./testing";

const [BIRTH, ANNA, BEN] = ["ff", "aa", "bb"].map((byte) => byte.repeat(20)) as [string, string, string];

function write(actor: string, saved: Uint8Array, work: (text: RichText) => void): Uint8Array {
	const core = loadCore(actor, [saved]);
	work(new RichText(() => core));
	core.commit(undefined, 0);
	return core.save();
}

const stretches = (saved: Uint8Array, from?: number, to?: number) =>
	authorsOf(loadCore("", [saved]), from, to).map((s) => [s.from, s.to, s.actor]);

describe("who wrote what", () => {
	const anna = write(ANNA, newText(), (text) => text.splice(1, 0, "The bench is wet."));
	const both = write(BEN, anna, (text) => text.splice(4, 0, "old "));

	test("is said in stretches of one author each", () => {
		expect(stretches(both)).toEqual([
			[0, 1, BIRTH],
			[1, 4, ANNA],
			[4, 8, BEN],
			[8, 22, ANNA],
		]);
	});

	test("of a passage ends where the passage does", () => {
		expect(stretches(both, 5, 10)).toEqual([
			[5, 8, BEN],
			[8, 10, ANNA],
		]);
		expect(stretches(both, 5, 5)).toEqual([]);
	});

	test("stays with who wrote it, where somebody else formats it or removes what stands around it", () => {
		const formatted = write(BEN, anna, (text) => {
			text.mark(5, 10, "strong", true, true);
			text.splice(1, 4, "");
		});
		expect(stretches(formatted)).toEqual([
			[0, 1, BIRTH],
			[1, 14, ANNA],
		]);
	});

	test("holds for letters of two code units", () => {
		const smiling = write(BEN, anna, (text) => text.splice(1, 0, "😀 "));
		expect(stretches(smiling).slice(0, 3)).toEqual([
			[0, 1, BIRTH],
			[1, 4, BEN],
			[4, 21, ANNA],
		]);
	});

	test("is told in the editor's positions, without the paragraphs as such", () => {
		const lines = write(BEN, both, (text) => {
			text.insertBlock(22, { type: "paragraph", parents: [], level: 0 });
			text.splice(23, 0, "And cold.");
		});
		const doc = new Writer(1, lines).state.doc;
		const named = stretches(lines).map(([from, to, actor]) => ({ from, to, author: actor }) as Authored);
		const passages = passagesOf(doc, named);
		expect(passages.map(({ from, to, author }) => [doc.textBetween(from, to, "|"), author])).toEqual([
			["The", ANNA],
			["old ", BEN],
			[" bench is wet.", ANNA],
			["And cold.", BEN],
		]);
		expect(passages.map(({ letters }) => letters)).toEqual([3, 4, 14, 9]);
		// One person at two computers: their passages are one.
		const one = passagesOf(
			doc,
			named.map((stretch) => ({ ...stretch, author: "both" })),
		);
		expect(one.map(({ letters }) => letters)).toEqual([30]);
	});

	test("is the same for everybody, whoever they heard first", () => {
		const [first, second] = [new Writer(1, anna), new Writer(2, anna)];
		first.foreign((text) => text.splice(1, 0, "Now: "));
		second.foreign((text) => text.splice(1, 0, "Look: "));
		const before = [first, second].map((writer) => stretches(writer.saved()));
		expect(before[0]).not.toEqual(before[1]);
		first.hears(second);
		second.hears(first);
		expect(stretches(first.saved())).toEqual(stretches(second.saved()));
	});
});
