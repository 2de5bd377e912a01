import { change, load, RawString, save } from "@automerge/automerge/next";
import { describe, expect } from "vitest";
import * as space from "./stage/space";
import { fill, words } from "./stage/words";
import { type Seat, test, type Workshop } from "./stage/workshop";

const SPACE = "Mill Lane neighbours";
const TITLE = "A better bus stop";

async function annaAndBen(workshop: Workshop): Promise<{ anna: Seat; ben: Seat }> {
	const { anna, others } = await space.meeting(workshop, SPACE, TITLE, "Ben");
	return { anna, ben: others[0] as Seat };
}

describe("an official", () => {
	test("says so in the settings, and is confirmed by a facilitator", async ({ workshop }) => {
		const { anna, ben } = await annaAndBen(workshop);
		const { screen } = ben.window;
		await ben.window.opensMenu(words.sidebar.settings);
		await screen.page.getByLabel(words.settings.organisation, { exact: true }).fill("City council");
		await screen.page.getByRole("checkbox", { name: words.settings.official }).check({ force: true });
		await screen.press("button", words.settings.savePerson);
		await space.readsAtTheFoot(ben.window, words.settings.personSaved);
		await ben.window.closesDialog();

		const standing = fill(words.people.officialOf, { organisation: space.named("City council") });
		const inWords = (whether: string) => fill(words.people.standing, { standing, whether });
		const byAnna = fill(words.people.confirmedBy, { name: space.named("Anna") });
		const row = (window: Seat["window"]) =>
			window.screen.page.getByRole("main").getByRole("listitem").filter({ hasText: "City council" });
		for (const { window } of [anna, ben]) {
			await space.opensPeople(window);
			await row(window).filter({ hasText: words.people.notConfirmed }).waitFor();
		}
		await space.opensPerson(anna.window, "Ben");
		const [invitedBy = ""] = fill(words.person.invited, { name: space.named("Anna"), date: "\n" }).split(
			"\n",
		);
		await anna.window.seesText(invitedBy);
		await anna.window.seesText(inWords(words.people.notConfirmed));
		await anna.window.screen.press("button", words.person.confirm);
		await anna.window.sees("button", words.person.unconfirm);
		await anna.window.seesText(inWords(byAnna));
		await anna.window.closesDialog();
		for (const { window } of [anna, ben]) {
			await row(window).filter({ hasText: byAnna }).waitFor();
			await row(window).filter({ hasText: words.people.notConfirmed }).waitFor({ state: "detached" });
		}

		// Taken back, it is not confirmed for anybody.
		await space.opensPerson(anna.window, "Ben");
		await anna.window.screen.press("button", words.person.unconfirm);
		await anna.window.seesText(inWords(words.people.notConfirmed));
		await row(ben.window).filter({ hasText: words.people.notConfirmed }).waitFor();
	});
});

describe("a role", () => {
	test("that is taken holds in a document that is open, and so does one that is given", async ({
		workshop,
	}) => {
		const { anna, ben } = await annaAndBen(workshop);
		await ben.window.writesAtTheEnd(" Ben.");
		await anna.window.reads("Together. Ben.");

		await space.givesRole(anna.window, "Ben", "reader");
		await ben.window.seesText(words.document.readOnly);
		await space.hears(ben.window, fill(words.space.yourRole, { role: words.yourRole.reader }));
		await ben.window.clicksIntoText();
		await ben.window.screen.type("Not this.");
		await ben.window.reads("Together. Ben.");

		await space.givesRole(anna.window, "Ben", "editor");
		await ben.window.sees("button", words.text.bold);
		await ben.window.writesAtTheEnd(" Again.");
		await anna.window.opensDocument(TITLE);
		await anna.window.reads("Together. Ben. Again.");
	});

	test("is changed by keyboard alone, and the focus returns", async ({ workshop }) => {
		const { anna } = await annaAndBen(workshop);
		const { window } = anna;
		await space.opensPeople(window);
		await window.screen.page.getByRole("main").getByRole("link", { name: "Ben" }).focus();
		await window.screen.key("Enter");
		await window.sees("dialog", "Ben");
		await window.screen.page.getByRole("button", { name: words.person.changeRole }).focus();
		await window.screen.key("Enter");
		await space.seesFocusOn(window, "heading", fill(words.person.roleOf, { name: space.named("Ben") }));
		await window.screen.key("Tab");
		await window.screen.key("ArrowDown"); // editor, annotator
		await window.screen.key("Tab");
		await window.screen.key("Tab");
		await window.screen.key("Enter");
		await space.seesFocusOn(window, "button", words.person.changeRole);
		await window.seesText(words.roleHint.annotator);
		await window.screen.key("Escape");
		await space.seesFocusOn(window, "link", /^Ben/);
	});

	test("that is the last facilitator's is kept", async ({ workshop }) => {
		const { anna } = await annaAndBen(workshop);
		await space.opensPerson(anna.window, "Anna");
		await anna.window.screen.press("button", words.person.changeRole);
		await anna.window.screen.page.getByRole("radio", { name: words.role.reader }).check({ force: true });
		await anna.window.screen.press("button", words.person.saveRole);
		await anna.window.seesText(words.person.lastFacilitator);
	});
});

describe("who is removed", () => {
	test("keeps the copy, gets nothing new and is told so; the invitation is withdrawn", async ({
		workshop,
	}) => {
		const { anna, ben } = await annaAndBen(workshop);
		await space.removes(anna.window, "Ben");
		await ben.window.seesText(words.thisSpace.stripGone);
		await anna.window.opensDocument(TITLE);
		await anna.window.writesAtTheEnd(" Without Ben.");
		await anna.window.seesItSaved();
		await ben.window.reads("Together.");

		const [invitation] = await anna.peer.command<{ withdrawn: boolean }>("invite", "list", await idOf(anna));
		expect(invitation?.withdrawn).toBe(true);
		await space.opensPeople(anna.window);
		await anna.window.screen.press("button", fill(words.people.formers_one, { count: 1 }));
		await anna.window.seesText("Ben");

		await space.opensSpace(ben.window, SPACE);
		await ben.window.seesText(space.named("Anna"));
		await ben.window.screen.press("button", words.thisSpace.exportOrForget);
		await ben.window.screen.press("button", words.thisSpace.forget);
		await space.agrees(ben.window, words.thisSpace.forget);
		await ben.window.sees("heading", fill(words.home.hello, { name: "Ben" }));
		await ben.window.seesNoMore("link", SPACE);
		expect(await ben.peer.command("space", "list")).toEqual([]);
	});

	test("and was a facilitator is removed by another one, too", async ({ workshop }) => {
		const { anna, others } = await space.meeting(workshop, SPACE, TITLE, "Ben", "Chidi");
		const [ben, chidi] = others as [Seat, Seat];
		await space.meets(ben, chidi);
		await space.givesRole(anna.window, "Ben", "facilitator");
		await space.givesRole(anna.window, "Chidi", "facilitator");
		await space.opensPerson(anna.window, "Ben");
		await anna.window.screen.press("button", words.person.remove);
		await anna.window.seesText(fill(words.remove.facilitator, { name: space.named("Ben") }));
		for (const what of [
			"nothingNew",
			"nothingCounts",
			"seen",
			"keepsCopy",
			"staysWritten",
			"unseen",
		] as const) {
			await anna.window.seesText(fill(words.remove[what], { name: space.named("Ben") }));
		}
		await anna.window.screen.press("button", fill(words.remove.remove, { name: space.named("Ben") }));

		await space.opensPeople(chidi.window);
		await chidi.window.screen.press("button", fill(words.people.formers_one, { count: 1 }));
		const name = { name: space.named("Ben") };
		await chidi.window.screen.press("button", fill(words.people.removeAgain, name));
		await chidi.window.seesText(fill(words.people.removedAgain, name));
	});

	test("and wrote what the facilitator had not seen: it is set aside, and can be let in", async ({
		workshop,
	}) => {
		const { anna, others } = await space.meeting(workshop, SPACE, TITLE, "Ben", "Chidi");
		const [ben, chidi] = others as [Seat, Seat];
		await space.givesRole(anna.window, "Chidi", "facilitator");
		await space.meets(ben, chidi);
		await anna.window.goesOffline();
		await ben.window.writesAtTheEnd(" On the train.");
		await chidi.window.reads("Together. On the train.");
		await space.removes(anna.window, "Ben");
		await anna.window.goesOnline();
		await space.meets(anna, chidi);
		await chidi.window.reads("Together.");

		const waits = chidi.window.screen.page
			.getByRole("navigation")
			.getByRole("link", { name: words.aside.title });
		await waits.click();
		await chidi.window.sees("heading", words.aside.title);
		await chidi.window.seesText("On the train.");
		await chidi.window.seesText(fill(words.aside.removed, { name: space.named("Ben") }));
		await chidi.window.screen.press(
			"button",
			fill(words.aside.letInOf, { name: space.named("Ben"), title: space.named(TITLE) }),
		);
		await space.agrees(chidi.window, words.aside.letIn);
		await chidi.window.seesText(fill(words.aside.done, { title: space.named(TITLE) }));
		await chidi.window.opensDocument(TITLE);
		await chidi.window.reads("Together. On the train.");
		await anna.window.opensDocument(TITLE);
		await anna.window.reads("Together. On the train.");
	});

	test("may leave by themselves", async ({ workshop }) => {
		const { anna, ben } = await annaAndBen(workshop);
		await space.opensPerson(ben.window, "Ben");
		await ben.window.screen.press("button", words.leave.leave);
		await space.agrees(ben.window, words.leave.leave);
		await ben.window.seesText(fill(words.leave.done, { space: space.named(SPACE) }));
		await ben.window.sees("heading", SPACE);
		await ben.window.sees("button", words.thisSpace.exportOrForget);
		await space.opensPeople(anna.window);
		await anna.window.sees("button", fill(words.people.formers_one, { count: 1 }));
	});
});

describe("a space", () => {
	test("that is closed can be read and not written, and opened again", async ({ workshop }) => {
		const { anna, ben } = await annaAndBen(workshop);
		await space.opensThisSpace(anna.window);
		await anna.window.screen.press("button", words.thisSpace.close);
		await space.agrees(anna.window, words.thisSpace.close);
		await anna.window.sees("button", words.thisSpace.reopen);
		await ben.window.seesText(words.thisSpace.stripClosed);
		await ben.window.clicksIntoText();
		await ben.window.screen.type("Not this.");
		await ben.window.reads("Together.");

		await anna.window.screen.press("button", words.thisSpace.reopen);
		await anna.window.sees("button", words.thisSpace.close);
		await ben.window.sees("button", words.text.bold);
		await ben.window.writesAtTheEnd(" Open again.");
		await anna.window.opensDocument(TITLE);
		await anna.window.reads("Together. Open again.");
	});

	test("is renamed for everybody", async ({ workshop }) => {
		const { anna, ben } = await annaAndBen(workshop);
		await space.opensThisSpace(anna.window);
		await anna.window.screen.page
			.getByRole("textbox", { name: words.thisSpace.name })
			.fill("Mill Lane, together");
		await anna.window.screen.press("button", words.thisSpace.rename);
		await anna.window.seesText(words.thisSpace.renamed);
		await ben.window.sees("link", "Mill Lane, together");
	});

	test("is saved whole as a file", async ({ workshop }) => {
		const { anna } = await annaAndBen(workshop);
		await space.opensThisSpace(anna.window);
		const saved = anna.window.screen.page.waitForEvent("download");
		await anna.window.screen.press("button", words.thisSpace.export);
		const download = await saved;
		expect(download.suggestedFilename()).toMatch(/^Mill Lane neighbours/);
		expect(await download.failure()).toBeNull();
		await anna.window.seesText(words.thisSpace.exported);
	});

	test("is saved as a file with what is missing said, and what to do about it", async ({ workshop }) => {
		const { anna, ben } = await annaAndBen(workshop);
		const missing = `blob:${"0".repeat(64)}`;
		await anna.peer.merges(
			save(
				change(load<Record<string, unknown>>(new Uint8Array(await anna.peer.saved())), (document) => {
					document.picture = new RawString(missing);
				}),
			),
		);
		await anna.peer.writes("Look: ");
		await ben.window.reads("Look: Together.");
		await space.opensThisSpace(ben.window);
		const saved = ben.window.screen.page.waitForEvent("download");
		await ben.window.screen.press("button", words.thisSpace.export);
		expect(await (await saved).failure()).toBeNull();
		const { exportSaved, exportAbsent_one, absentUnreachable, exportLacks } = words.thisSpace;
		await space.readsAtTheFoot(
			ben.window,
			[exportSaved, fill(exportAbsent_one, { count: 1 }), absentUnreachable, exportLacks].join(" "),
		);
		await ben.window.sees("button", words.thisSpace.export);

		// While it waits for somebody it says so, and can be stopped.
		await anna.window.goesOffline();
		await ben.window.screen.press("button", words.thisSpace.export);
		await ben.window.seesText(fill(words.thisSpace.fetching_one, { which: 1, count: 1 }));
		await space.opensPeople(ben.window);
		await space.opensThisSpace(ben.window);
		await ben.window.screen.press("button", words.thisSpace.exportStop);
		await ben.window.sees("button", words.thisSpace.export);
	});

	test("whose last facilitator is gone goes on in a new one", async ({ workshop }) => {
		const { anna, others } = await space.meeting(workshop, SPACE, TITLE, "Ben", "Chidi");
		const [ben, chidi] = others as [Seat, Seat];
		await space.meets(ben, chidi);
		await space.opensPerson(anna.window, "Anna");
		await anna.window.screen.press("button", words.leave.leave);
		await anna.window.seesText(words.leave.lastFacilitator);
		await space.agrees(anna.window, words.leave.leave);

		await space.opensSpace(ben.window, SPACE);
		await ben.window.seesText(words.succeed.stranded);
		await ben.window.screen.press("button", words.succeed.goOn);
		expect(await ben.window.screen.value(words.succeed.name)).toBe(
			fill(words.succeed.newName, { space: SPACE }),
		);
		await ben.window.screen.page
			.getByRole("textbox", { name: words.succeed.name })
			.fill("Mill Lane, together");
		await space.agrees(ben.window, words.succeed.found);
		await ben.window.sees("heading", "Mill Lane, together");
		await ben.window.sees("heading", words.succeed.aloneTitle);
		await ben.window.sees("link", new RegExp(`^${SPACE}\\s*${words.sidebar.succeeded}$`));
		await ben.window.opensDocument(TITLE);
		await ben.window.reads("Together.");

		await space.opensSpace(chidi.window, SPACE);
		const there = { name: space.named("Ben"), space: space.named("Mill Lane, together") };
		await chidi.window.seesText(fill(words.succeed.founded, there));
		await chidi.window.screen.press("button", fill(words.succeed.join, there));
		await chidi.window.sees("heading", "Mill Lane, together");
		await chidi.window.opensDocument(TITLE);
		// The founder's device gives everybody the role that they had.
		await chidi.window.sees("button", words.text.bold);
		await chidi.window.writesAtTheEnd(" Chidi too.");
		await ben.window.reads("Together. Chidi too.");
	});

	test("whose last facilitator is gone, and which has no editor, says what can be done", async ({
		workshop,
	}) => {
		const { anna, ben } = await annaAndBen(workshop);
		await space.givesRole(anna.window, "Ben", "annotator");
		await ben.window.seesText(words.document.readOnly);
		await space.opensPerson(anna.window, "Anna");
		await anna.window.screen.press("button", words.leave.leave);
		await space.agrees(anna.window, words.leave.leave);
		await space.opensSpace(ben.window, SPACE);
		await ben.window.seesText(words.succeed.strandedForReading);
		await ben.window.seesText(words.succeed.nobodyCan);
		expect(await ben.window.screen.text()).not.toContain(words.succeed.editorsCan);
		await ben.window.seesNoMore("button", words.succeed.goOn);
	});
});

async function idOf({ peer }: Seat): Promise<string> {
	const [known] = await peer.command<{ id: string }>("space", "list");
	return known?.id ?? "";
}
