import { bench } from "vitest";
import { authorsOf, loadCore, RichText } from "../replica";
import { newText } from "./testing";

/** Who wrote what in 105,000 characters in 1,000 blocks, every tenth of which somebody else has mended. */
const others = loadCore("aa".repeat(20), [
	newText((text) => {
		for (let block = 1; block < 1000; block++) {
			text.insertBlock(text.length, { type: "paragraph", parents: [], level: 0 });
			text.splice(text.length, 0, "A dry place to wait, please. ".repeat(4).slice(0, 104));
		}
	}),
]);
const text = new RichText(() => others);
for (let block = 0; block < 1000; block += 10) text.splice(block * 105 + 20, 0, "mended");
others.commit(undefined, 0);

bench("who wrote what, whole text", () => void authorsOf(others), { time: 1000, warmupTime: 100 });
bench("who wrote what, a passage of 1,000 characters", () => void authorsOf(others, 50_000, 51_000), {
	time: 500,
});
