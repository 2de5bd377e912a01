import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect } from "vitest";
import { MyDevices } from "./stage/devices";
import { scans } from "./stage/scan";
import { until } from "./stage/until";
import { fill, words } from "./stage/words";
import { type Seat, test, type Workshop } from "./stage/workshop";

const SPACE = "Mill Lane neighbours";
const TITLE = "A better bus stop";

/** Anna with a space and a document in it, on the device that she calls her laptop. */
async function annaAtHerLaptop(workshop: Workshop): Promise<Seat> {
	const laptop = await workshop.seat("Anna");
	await laptop.window.startsSpace(SPACE);
	await laptop.window.startsDocument(TITLE);
	await laptop.window.clicksIntoText();
	return laptop;
}

/** A second device of somebody, linked by the code that the first one shows. */
async function linksTablet(workshop: Workshop, laptop: Seat): Promise<Seat> {
	const devices = new MyDevices(laptop.window);
	const code = await devices.showsLinkCode();
	const peer = await workshop.device("Tablet");
	const window = await workshop.window(laptop.window.person, peer);
	await new MyDevices(window).usesLink(code, "Tablet");
	await devices.seesLinked("Tablet");
	return { peer, window };
}

describe("one person with several devices", () => {
	test("links a second one, which has her name and her work, and writes on both", async ({ workshop }) => {
		const laptop = await annaAtHerLaptop(workshop);
		await laptop.window.writes("The shelter leaks.");
		const tablet = await linksTablet(workshop, laptop);
		await tablet.window.sees("heading", SPACE);
		await tablet.window.opensDocument(TITLE);
		await tablet.window.reads("The shelter leaks.");

		await tablet.window.writesAtTheEnd(" The bench is wet.");
		await laptop.window.reads("The shelter leaks. The bench is wet.");
		await laptop.window.writesAtTheStart("Today: ");
		await tablet.window.reads("Today: The shelter leaks. The bench is wet.");

		const devices = new MyDevices(tablet.window);
		await devices.opens();
		await devices.renames("Tablet", "Tablet in the hall");
		await tablet.window.closesDialog();
		await new MyDevices(laptop.window).opens();
		await laptop.window.seesText("Tablet in the hall");
		await laptop.window.closesDialog();

		// A space comes to one device only; the other gets it when it is linked once more.
		await laptop.window.startsAnotherSpace("Market");
		await laptop.window.seesText(words.devices.elsewhere_one);
		await laptop.window.screen.press("button", words.devices.elsewhereLink);
		const code = await until("a link code", () => laptop.window.screen.value(words.devices.linkCode));
		expect((await scans(laptop.window, words.devices.linkQr)).toLowerCase()).toBe(
			`parley:${code}`.toLowerCase(),
		);
		await tablet.peer.command("device", "join", code);
		await laptop.window.seesText(fill(words.devices.linkDone, { device: "Tablet in the hall" }));
		await laptop.window.screen.press("button", words.devices.finish);
		await laptop.window.closesDialog();
		await tablet.window.opensSpace("Market");
		await laptop.window.seesNoMore("button", words.devices.elsewhereLink);
		expect([...laptop.window.screen.complaints, ...tablet.window.screen.complaints]).toEqual([]);
	});

	test("looks for the other device until somebody does not want to wait any more", async ({ workshop }) => {
		const silent = createServer();
		const port = await new Promise<number>((known) =>
			silent.listen(0, "127.0.0.1", () => known((silent.address() as AddressInfo).port)),
		);
		silent.on("connection", (conversation) => conversation.on("error", () => undefined)); // It is hung up on.
		const called = once(silent, "connection");
		workshop.afterwards(async () => void silent.close());
		const anna = await workshop.device("Anna");
		const tablet = await workshop.device("Tablet");
		const window = await workshop.window("Anna", tablet);
		const { screen } = window;
		await screen.press("button", words.first.haveSheet);
		await screen.press("textbox", words.recover.words);
		await screen.type("legal winner thank year wave sausage worth useful legal winner thank yellow");
		await screen.press("textbox", words.recover.address);
		await screen.type(`/ip4/127.0.0.1/tcp/${port}/p2p/${anna.serving.device}`);
		await screen.press("button", words.recover.submit);
		await window.seesText(words.recover.busy);
		const [conversation] = (await called) as [Socket];
		await screen.press("button", words.app.cancel);
		await window.sees("button", words.devices.back);
		conversation.destroy();
		expect(await screen.page.getByRole("alert").count()).toBe(0);
		expect(await screen.value(words.recover.words)).toContain("legal winner");
	});

	test("says why a code does not link, and keeps what was typed", async ({ workshop }) => {
		const laptop = await annaAtHerLaptop(workshop);
		const code = await new MyDevices(laptop.window).showsLinkCode();
		const peer = await workshop.device("Tablet");
		const window = await workshop.window("Anna", peer);
		const devices = new MyDevices(window);
		await devices.usesLink(code.slice(0, 60), "Tablet");
		await window.seesText(words.devices.useMalformed);
		await window.screen.press("textbox", words.devices.useLabel);
		await window.screen.key("Control+a");
		await window.screen.type("abandon abandom");
		await window.screen.press("button", words.devices.use);
		await window.seesText(fill(words.recover.nearWord, { number: 2, word: "abandom", nearest: "abandon" }));
		// The code ends when Anna closes it.
		await laptop.window.closesDialog();
		await window.screen.press("textbox", words.devices.useLabel);
		await window.screen.key("Control+a");
		await window.screen.type(code);
		await window.screen.press("button", words.devices.use);
		await until("the reason", async () => {
			const text = await window.screen.text();
			return [words.devices.useUnreachable, words.devices.useExpired].some((reason) => text.includes(reason));
		});
		await window.screen.press("button", words.devices.back);
		await window.sees("textbox", words.first.name);
	});

	test("links by keyboard alone, with the focus where the next thing is typed", async ({ workshop }) => {
		const laptop = await annaAtHerLaptop(workshop);
		const devices = new MyDevices(laptop.window);
		const code = await devices.showsLinkCode();
		const peer = await workshop.device("Tablet");
		const window = await workshop.window("Anna", peer);
		const { screen } = window;
		const focused = (role: "textbox" | "button", name: string) =>
			screen.page
				.getByRole(role, { name, exact: true })
				.evaluate((thing) => thing.ownerDocument.activeElement === thing);
		await until("the name to have the focus", () => focused("textbox", words.first.name));
		for (let stops = 0; !(await focused("button", words.first.haveDevice)); stops++) {
			expect(stops, "stops on the way").toBeLessThan(5);
			await screen.key("Tab");
		}
		await screen.key("Enter");
		await until("the code to have the focus", () => focused("textbox", words.devices.useLabel));
		await screen.key("Tab");
		await screen.key("Tab");
		await screen.key("Enter");
		await until("the way in to have the focus again", () => focused("button", words.first.haveDevice));
		await screen.key("Enter");
		await until("the code to have the focus", () => focused("textbox", words.devices.useLabel));
		await screen.type(code);
		await screen.key("Tab");
		await screen.type("Tablet");
		await screen.key("Enter");
		await window.sees("heading", SPACE);
		await devices.seesLinked("Tablet");
	});

	test("loses one: it gets nothing more, and what is written with it stays there", async ({ workshop }) => {
		const laptop = await annaAtHerLaptop(workshop);
		await laptop.window.writes("Before.");
		const tablet = await linksTablet(workshop, laptop);
		await tablet.window.opensDocument(TITLE);
		await tablet.window.reads("Before.");

		await tablet.window.goesOffline();
		const devices = new MyDevices(laptop.window);
		await devices.opens();
		await devices.takesOut("Tablet");
		await laptop.window.closesDialog();
		await laptop.window.writesAtTheEnd(" After.");

		await tablet.window.writesAtTheEnd(" By a thief.");
		await tablet.window.goesOnline();
		await tablet.peer.command("connect", laptop.peer.serving.addresses[0] ?? "");
		await until("the tablet to know that it is out", async () => {
			const [space] = await tablet.peer.command<{ role: string }>("space", "list");
			return space?.role === "none";
		});
		await laptop.window.reads("Before. After.");
		expect((await tablet.window.screen.lines()).join()).not.toContain("After.");
		expect(laptop.window.screen.complaints).toEqual([]);
	});
});

describe("a recovery sheet", () => {
	test("is written down, proven, and brings its owner back when all devices are gone", async ({
		workshop,
	}) => {
		const laptop = await annaAtHerLaptop(workshop);
		await laptop.window.writes("The shelter leaks.");
		const ben = await workshop.seat("Ben");
		await laptop.window.opensSpace(SPACE);
		await ben.window.joins(await laptop.window.invites(), SPACE);
		await ben.window.opensDocument(TITLE);
		await ben.window.reads("The shelter leaks.");

		const devices = new MyDevices(laptop.window);
		const sheet = await devices.drawsSheet();
		expect(sheet).toHaveLength(12);
		await devices.provesSheet(sheet);
		await laptop.window.screen.press("button", words.devices.finish);
		await devices.seesSheetCoversAll();
		await laptop.window.closesDialog();
		// What Ben reads now was sent after the sheet.
		await laptop.window.opensDocument(TITLE);
		await laptop.window.writesAtTheEnd(" It drips.");
		await ben.window.reads("The shelter leaks. It drips.");
		await laptop.peer.dies();

		const peer = await workshop.device("New");
		const window = await workshop.window("Anna", peer);
		await new MyDevices(window).comesBack(sheet, ben.peer.serving.addresses[0] ?? "", "New laptop");
		await window.seesText(words.recover.lostAsk);
		await new MyDevices(window).takesOut(words.devices.unnamed);
		await window.closesDialog();
		await window.opensSpace(SPACE);
		await window.opensDocument(TITLE);
		await window.reads("The shelter leaks. It drips.");
		await window.writesAtTheEnd(" Anna is back.");
		await ben.window.reads("The shelter leaks. It drips. Anna is back.");
		expect(window.screen.complaints).toEqual([]);
	});

	test("is the only thing that comes out of the printer", async ({ workshop }) => {
		const laptop = await annaAtHerLaptop(workshop);
		const sheet = await new MyDevices(laptop.window).drawsSheet();
		const { page } = laptop.window.screen;
		await page.emulateMedia({ media: "print" });
		const printed = await laptop.window.screen.text();
		for (const word of sheet) expect(printed).toContain(word);
		expect(printed).toContain(words.recovery.sheetTitle);
		expect(printed).toContain(words.recovery.sheetChoose);
		expect(printed).toContain("Anna");
		expect(printed).toContain(SPACE);
		for (const other of [words.recovery.print, words.sidebar.spaces, TITLE, words.app.close]) {
			expect(printed).not.toContain(other);
		}
		await page.emulateMedia({ media: "screen" });
		expect(await laptop.window.screen.text()).not.toContain(words.recovery.sheetTitle);
	});
});

describe("two people", () => {
	test("compare the same words, and one sees when the other has a new device", async ({ workshop }) => {
		const anna = await annaAtHerLaptop(workshop);
		const ben = await workshop.seat("Ben");
		await anna.window.opensSpace(SPACE);
		await ben.window.joins(await anna.window.invites(), SPACE);
		const [annas, bens] = [new MyDevices(anna.window), new MyDevices(ben.window)];
		const spoken = await annas.looksAtWordsWith("Ben");
		expect(await bens.looksAtWordsWith("Anna")).toEqual(spoken);
		await ben.window.closesDialog();
		await anna.window.screen.press("button", words.verify.same);
		await anna.window.seesText(fill(words.verify.done, { name: "Ben" }));

		await linksTablet(workshop, ben);
		await anna.window.seesText(words.people.verifiedChanged);
		const changed = await annas.looksAtWordsWith("Ben");
		expect(changed).not.toEqual(spoken);
		await anna.window.seesText("1 device that was not there");
		await anna.window.screen.press("button", words.verify.different);
		await anna.window.seesText(words.verify.differsTell);
		expect(anna.window.screen.complaints).toEqual([]);
	});
});

describe("a link that is opened outside", () => {
	test("is asked about in the window, and joins nothing by itself", async ({ workshop }) => {
		const anna = await annaAtHerLaptop(workshop);
		await anna.window.opensSpace(SPACE);
		const code = await anna.window.invites();
		const ben = await workshop.seat("Ben");
		await ben.peer.command("open", `parley:${code}`);
		await ben.window.sees("dialog", words.join.title);
		expect(await ben.window.screen.value(words.join.code)).toBe(code);
		expect(await ben.peer.command("space", "list")).toEqual([]);
		await ben.window.screen.press("button", words.join.join);
		await ben.window.sees("heading", SPACE);
	});

	test("waits for the first start of a device that nobody has named", async ({ workshop }) => {
		const laptop = await annaAtHerLaptop(workshop);
		const code = await new MyDevices(laptop.window).showsLinkCode();
		const peer = await workshop.device("Tablet");
		await peer.command("open", `PARLEY:${code}`);
		const window = await workshop.window("Anna", peer);
		await window.sees("heading", words.devices.useTitle);
		expect(await window.screen.value(words.devices.useLabel)).toBe(code);
		await window.screen.press("button", words.devices.use);
		await window.sees("heading", SPACE);
	});
});
