import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { DesktopScreen } from "./stage/desktop";
import { until } from "./stage/until";
import { Window } from "./stage/window";
import { test } from "./stage/workshop";

test("the desktop program: typed into, read on a second peer and by a screen reader, and there again", async ({
	workshop,
	onTestFailed,
}) => {
	const data = await mkdtemp(join(tmpdir(), "parley-e2e-desktop-"));
	workshop.afterwards(() => rm(data, { recursive: true, force: true }));
	const screen = await DesktopScreen.open(data);
	workshop.afterwards(() => screen.close());
	onTestFailed(async () => console.error(await screen.remains()));
	const anna = new Window("Anna", screen);

	await anna.introduces();
	await anna.startsSpace("Mill Lane neighbours");
	await anna.startsDocument("A better bus stop");
	await anna.writes("# Why\nThe shelter leaks, the bench is wet.");
	await anna.reads("Why", "The shelter leaks, the bench is wet.");

	const keeper = await workshop.device("Ben");
	await keeper.command("device", "--name", "Ben");
	await keeper.command("join", await anna.invites());
	await until("the text to arrive on the second peer", async () =>
		(await keeper.onlyDocument("text")).startsWith("Why\nThe shelter leaks, the bench is wet."),
	);

	await anna.writesAtTheEnd(" Last words.");
	await anna.reads("Why", "The shelter leaks, the bench is wet. Last words.");
	await screen.quits();
	const again = await DesktopScreen.open(data);
	workshop.afterwards(() => again.close());
	await new Window("Anna", again).reads("Why", "The shelter leaks, the bench is wet. Last words.");
	expect(await again.has("textbox", /.+/)).toBe(true);
});
