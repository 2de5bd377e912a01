import { splitBlock } from "prosemirror-commands";
import { TextSelection } from "prosemirror-state";
import { bench } from "vitest";
import { newText, Writer } from "./testing";

/**
 * What a key costs beside the drawing: ProseMirror's transaction, its operations, the change, and the same on
 * the other side. The document has 100,000 characters in 1,000 blocks, with 2,000 marks.
 */
const saved = newText((text) => {
	const words =
		"We want a dry place to wait, with a bench and a light that somebody looks after when it breaks down. ";
	for (let block = 1; block < 1000; block++) {
		const marker = block % 10 === 0 ? "heading" : block % 5 === 0 ? "unordered-list-item" : "paragraph";
		text.insertBlock(text.length, { type: marker, parents: [], level: marker === "heading" ? 2 : 0 });
		text.splice(text.length, 0, words.slice(0, 100));
		text.mark(text.length - 90, text.length - 80, "strong", true, true);
		text.mark(text.length - 50, text.length - 40, "em", true, true);
	}
});

const [near, far] = [new Writer(1, saved), new Writer(2, saved)];

/** Runs `work` on and on, and prints how long it took at the median and at worst but for five in a hundred. */
function measure(name: string, work: (round: number) => number): void {
	const times: number[] = [];
	let round = 0;
	bench(
		name,
		() => {
			times.push(work(round++));
		},
		{
			time: 1000,
			warmupTime: 100,
			teardown: (_task, mode) => {
				if (mode === "warmup") times.length = 0;
				else print(name, times);
			},
		},
	);
}

function print(name: string, times: number[]): void {
	times.sort((a, b) => a - b);
	const at = (part: number) => (times[Math.floor(times.length * part)] ?? 0).toFixed(3);
	console.warn(`${name}: median ${at(0.5)} ms, p95 ${at(0.95)} ms, of ${times.length}`);
}

/** Milliseconds of processor time: what else a busy machine does meanwhile does not count. */
function timed(work: () => void): number {
	const start = process.cpuUsage();
	work();
	const { user, system } = process.cpuUsage(start);
	return (user + system) / 1000;
}

/** A place in the text of some block, another one in every round. */
function caret(writer: Writer, round: number): number {
	const { doc } = writer.state;
	const $pos = doc.resolve((Math.imul(round + 1, 7919) >>> 0) % doc.content.size);
	return TextSelection.near($pos).from;
}

function type(writer: Writer, round: number): void {
	writer.dispatch(writer.state.tr.insertText("x", caret(writer, round)));
}

function enter(writer: Writer, round: number): void {
	const { tr } = writer.state;
	writer.dispatch(tr.setSelection(TextSelection.create(tr.doc, caret(writer, round))));
	splitBlock(writer.state, writer.dispatch);
}

measure("a letter, here", (round) => timed(() => type(near, round)));
measure("a letter, from afar", (round) => {
	far.hears(near);
	type(near, round);
	return timed(() => far.hears(near));
});
measure("Enter, here", (round) => timed(() => enter(near, round)));
measure("Enter, from afar", (round) => {
	far.hears(near);
	enter(near, round);
	return timed(() => far.hears(near));
});
