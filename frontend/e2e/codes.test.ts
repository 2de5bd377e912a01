import { describe } from "vitest";
import { until } from "./stage/until";
import { words } from "./stage/words";
import { type Seat, test, type Workshop } from "./stage/workshop";

const SPACE = "Mill Lane neighbours";

async function annaWithSpace(workshop: Workshop): Promise<Seat & { space: string }> {
	const anna = await workshop.seat("Anna");
	await anna.window.startsSpace(SPACE);
	const [space] = await anna.peer.command<{ id: string }>("space", "list");
	return { ...anna, space: space?.id ?? "" };
}

describe("a code that lets nobody in says why", () => {
	test("malformed", async ({ workshop }) => {
		const anna = await annaWithSpace(workshop);
		const ben = await workshop.seat("Ben");
		const code = await anna.window.invites();
		await ben.window.triesCode(code.slice(0, -7));
		await ben.window.seesText(words.error.malformed);
	});

	test("withdrawn", async ({ workshop }) => {
		const anna = await annaWithSpace(workshop);
		const ben = await workshop.seat("Ben");
		const code = await anna.window.invites();
		await anna.window.withdrawsInvitation();
		await ben.window.triesCode(code);
		await ben.window.seesText(words.error.withdrawn);
	});

	test("used up", async ({ workshop }) => {
		const anna = await annaWithSpace(workshop);
		const ben = await workshop.seat("Ben");
		const chidi = await workshop.seat("Chidi");
		const [invitation] = await anna.peer.command<{ code: string }>(
			"invite",
			"create",
			anna.space,
			"--uses",
			"1",
		);
		await ben.window.joins(invitation?.code ?? "", SPACE);
		await chidi.window.triesCode(invitation?.code ?? "");
		await chidi.window.seesText(words.error.usedUp);
	});

	test("expired", async ({ workshop }) => {
		const anna = await annaWithSpace(workshop);
		const ben = await workshop.seat("Ben");
		const [invitation] = await anna.peer.command<{ code: string }>(
			"invite",
			"create",
			anna.space,
			"--expires",
			"1s",
		);
		const over = Date.now() + 2000;
		await until("the code to end", () => Date.now() > over);
		await ben.window.triesCode(invitation?.code ?? "");
		await ben.window.seesText(words.error.expired);
	});

	test("nobody there", async ({ workshop }) => {
		const anna = await annaWithSpace(workshop);
		const ben = await workshop.seat("Ben");
		const code = await anna.window.invites();
		await anna.peer.stops();
		await ben.window.triesCode(code);
		await ben.window.seesText(words.error.unreachable, 60_000);
	});
});
