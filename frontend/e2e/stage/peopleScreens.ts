import type { ChromiumScreen } from "./chromium";
import type { Peer } from "./peer";
import type { Name } from "./screen";
import type { Visit } from "./screens";
import { named } from "./space";
import { until } from "./until";
import type { Window } from "./window";
import { fill, wayToSidebar } from "./words";
import type { Seat, Workshop } from "./workshop";

const TITLE = "Timetable";

/** What a facilitator sees of a space: its people, who waits, what is set aside, the words on the wall, its end. */
export async function visitPeople(workshop: Workshop, anna: Seat, ben: Seat, visit: Visit): Promise<void> {
	await company(workshop, anna, ben);
	await visitList(anna.window, visit);
	await visitAside(anna.window, visit);
	await visitRoom(anna.window, visit);
	await visitSpace(anna.window, visit);
}

/** An official joins Anna's space, somebody waits to be let in, and Ben is removed with work that Anna had seen. */
async function company(workshop: Workshop, anna: Seat, ben: Seat): Promise<void> {
	const spaces = await anna.peer.command<{ id: string; name: string }>("space", "list");
	const id = spaces.find(({ name }) => name === "Bus stop")?.id ?? "";
	const invites = async (...options: string[]) =>
		(await anna.peer.command<{ code: string }>("invite", "create", id, ...options))[0]?.code ?? "";
	const jana = await workshop.device("Jana Krüger");
	const office = ["--organisation", "City council", "--official"];
	await jana.command("device", "show", "--name", "Jana Krüger", ...office);
	await jana.command("join", await invites("--role", "facilitator"));
	await ben.peer.command("join", await invites());
	const paul = await workshop.device("Paul Meyer");
	await paul.command("device", "show", "--name", "Paul Meyer");
	await paul.command("join", await invites("--role", "reader", "--ask")).catch(() => []); // It has to wait.

	await anna.peer.command("document", "create", id, "--kind", "text", "--title", TITLE);
	const [created] = await anna.peer.command<{ id: string }>("document", "list", id);
	const document = created?.id ?? "";
	const text = async (peer: Peer) =>
		JSON.stringify(await peer.command("document", "show", id, document, "--format", "text"));
	await until("Ben to have the document", () => text(ben.peer));
	await until("Jana to have the document", () => text(jana));
	await jana.command("offline");
	const line = "The last bus should go at eleven.";
	await ben.peer.command("document", "edit", id, document, "--at", "0", "--insert", line);
	await until("Anna to have what Ben wrote", async () => (await text(anna.peer)).includes(line));
	await jana.command("member", "remove", id, ben.peer.serving.device, "--yes");
	await jana.command("online");
	await until("it to be set aside", async () => {
		return (await anna.peer.command("quarantine", "list", id)).length > 0;
	});
}

async function visitList(window: Window<ChromiumScreen>, visit: Visit): Promise<void> {
	const { words, screen } = window;
	await window.seesText(fill(words.aside.waits_one, { count: 1 }));
	await window.seesText(fill(words.requests.title_one, { count: 1 }));
	await visit("space-with-work-for-a-facilitator", window);
	await goesTo(window, words.people.title);
	await window.sees("button", fill(words.requests.acceptOf, { name: named("Paul Meyer") }));
	await screen.press("button", fill(words.people.formers_one, { count: 1 }));
	await visit("people", window);
	await screen.page.getByRole("main").getByRole("link", { name: "Jana" }).click();
	await window.sees("button", words.person.confirm);
	await visit("person", window);
	await screen.press("button", words.person.changeRole);
	await visit("person-role", window);
	await screen.press("button", words.app.cancel);
	await screen.press("button", words.person.remove);
	await visit("person-remove", window);
	await window.closesDialog();
}

async function visitAside(window: Window<ChromiumScreen>, visit: Visit): Promise<void> {
	const { words, screen } = window;
	await goesTo(window, words.aside.title);
	await window.sees("heading", words.aside.admissible);
	await visit("set-aside", window);
	await screen.press(
		"button",
		fill(words.aside.letInOf, { name: named("Ben Adeyemi"), title: named(TITLE) }),
	);
	await visit("set-aside-let-in", window);
	await window.closesDialog();
}

async function visitRoom(window: Window<ChromiumScreen>, visit: Visit): Promise<void> {
	const { words, screen } = window;
	await goesTo(window, words.people.title);
	await screen.press("button", words.room.open);
	await window.sees("button", words.room.showWords);
	await visit("room", window);
	await screen.press("button", words.room.showWords);
	await window.sees("button", words.room.close);
	await visit("room-words", window);
	await screen.press("button", words.room.close);
	await window.sees("button", words.room.showWords);
	await window.closesDialog();
}

async function visitSpace(window: Window<ChromiumScreen>, visit: Visit): Promise<void> {
	const { words, screen } = window;
	const { page } = screen;
	await goesTo(window, words.thisSpace.title);
	await visit("this-space", window);
	await page.getByRole("radio", { name: words.carry.since }).check({ force: true });
	await screen.press("button", words.carry.save);
	await window.seesText(words.carry.earlierMissing);
	await visit("this-space-carry", window);
	await screen.press("button", words.carry.takeIn);
	await window.sees("dialog", words.carry.takeIn);
	await visit("take-in", window);
	await window.closesDialog();
	await screen.press("button", words.thisSpace.close);
	await visit("this-space-close", window);
	await page.getByRole("dialog").getByRole("button", { name: words.thisSpace.close, exact: true }).click();
	await window.sees("button", words.thisSpace.reopen);
	await goesTo(window, TITLE);
	await window.seesText(words.thisSpace.stripClosed);
	await visit("document-of-a-closed-space", window);
	await goesTo(window, words.thisSpace.title);
	await screen.press("button", words.thisSpace.reopen);
	await window.sees("button", words.thisSpace.close);
	await screen.press("button", words.leave.leave);
	await visit("leave", window);
	await page.getByRole("dialog").getByRole("button", { name: words.leave.leave, exact: true }).click();
	await window.sees("button", words.thisSpace.exportOrForget);
	await visit("space-that-was-left", window);
	await screen.press("button", words.thisSpace.exportOrForget);
	await window.sees("button", words.thisSpace.forget);
	await visit("this-space-left", window);
}

/** Follows a link of the sidebar, which has to be asked for where there is little room. */
async function goesTo(window: Window<ChromiumScreen>, label: string): Promise<void> {
	const { screen, words } = window;
	const name: Name = new RegExp(`^${label}`);
	await until(`${window.person} to find the way to ${label}`, async () => {
		const sheet = screen.page.getByRole("dialog", { name: words.sidebar.label });
		const side = (await sheet.isVisible()) ? sheet : screen.page.getByRole("navigation");
		if (await side.getByRole("link", { name }).first().isVisible()) {
			await side.getByRole("link", { name }).first().click();
			return true;
		}
		await screen.press("button", wayToSidebar(words));
		return false;
	});
}
