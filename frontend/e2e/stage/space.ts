import type { ChromiumScreen } from "./chromium";
import type { Name } from "./screen";
import { until } from "./until";
import type { Window } from "./window";
import { fill, type Words } from "./words";
import type { Seat, Workshop } from "./workshop";

/** What somebody does in a space besides writing. */
type Hand = Window<ChromiumScreen>;

/** How a name stands in a sentence: marks that nobody sees keep its direction to itself. */
export function named(name: string): string {
	return `\u2068${name}\u2069`;
}

/** Goes to the place of the people of the open space. */
export async function opensPeople(window: Hand): Promise<void> {
	const { people } = window.words;
	await window.screen.page.getByRole("navigation").getByRole("link", { name: people.title }).click();
	await window.sees("heading", people.title);
}

/** Opens what there is to know of somebody, in the place of the people. */
export async function opensPerson(window: Hand, name: string): Promise<void> {
	await opensPeople(window);
	await window.screen.page.getByRole("main").getByRole("link", { name }).click();
	await window.sees("dialog", new RegExp(`^${name}`));
}

/** Goes to a space by its row, which says more than the name where it is not as usual. */
export async function opensSpace(window: Hand, name: string): Promise<void> {
	await window.screen.page.getByRole("navigation").getByRole("link", { name }).first().click();
	await window.sees("heading", name);
}

/** Brings two devices together that nobody else introduces: another one connects to the first. */
export async function meets(one: Seat, other: Seat): Promise<void> {
	const address = one.peer.serving.addresses.find((candidate) => candidate.includes("/tcp/"));
	await other.peer.command("connect", address ?? "");
}

/** Reads at the window's foot what was just done, where it covers neither the page nor the dialog over it. */
export async function readsAtTheFoot(window: Hand, text: string): Promise<void> {
	const { page } = window.screen;
	const foot = page.getByRole("region", { name: window.words.app.notices }).filter({ hasText: text });
	await foot.waitFor();
	await until(`nothing to lie under what ${window.person} is told`, async () =>
		foot.evaluate((strip) => {
			const { top } = strip.getBoundingClientRect();
			const open = document.querySelector("[role=dialog]");
			let layer: Element | null = open;
			while (layer !== null && getComputedStyle(layer).position !== "fixed") layer = layer.parentElement;
			return [document.querySelector("#root"), layer].every(
				(below) => below === null || below.getBoundingClientRect().bottom <= top,
			);
		}),
	);
}

export async function opensThisSpace(window: Hand): Promise<void> {
	const { title } = window.words.thisSpace;
	await window.screen.page.getByRole("navigation").getByRole("link", { name: title }).click();
	await window.sees("heading", title);
}

export async function givesRole(window: Hand, name: string, role: keyof Words["role"]): Promise<void> {
	const { words, screen } = window;
	await opensPerson(window, name);
	await screen.press("button", words.person.changeRole);
	await screen.page.getByRole("radio", { name: words.role[role] }).check({ force: true });
	await screen.press("button", words.person.saveRole);
	await window.sees("button", words.person.changeRole);
	await window.closesDialog();
}

export async function removes(window: Hand, name: string): Promise<void> {
	const { words, screen } = window;
	await opensPerson(window, name);
	await screen.press("button", words.person.remove);
	await screen.press("button", fill(words.remove.remove, { name: named(name) }));
	await window.seesText(fill(words.remove.done, { name: named(name) }));
	await window.closesDialog();
}

/** Makes an invitation that asks a facilitator first, and answers with its code. */
export async function invitesAsking(window: Hand): Promise<string> {
	const { words, screen } = window;
	await screen.press("button", words.space.invite);
	await screen.press("switch", words.invite.ask);
	await screen.press("button", words.invite.make);
	await window.sees("textbox", words.invite.code);
	const code = await screen.value(words.invite.code);
	await window.closesDialog();
	return code;
}

/** Presses a button of the dialog that is open, where the page has one of the same name. */
export async function agrees(window: Hand, name: string): Promise<void> {
	await window.screen.page.getByRole("dialog").getByRole("button", { name, exact: true }).click();
}

/** Waits until the thing of that name has the focus. */
export async function seesFocusOn(
	window: Hand,
	role: "button" | "link" | "heading",
	name: Name,
): Promise<void> {
	const thing = window.screen.page.getByRole(role, { name }).first();
	await until(`${window.person} to have the focus on ${name}`, () =>
		thing.evaluate((element) => element.ownerDocument.activeElement === element),
	);
}

/** Waits until somebody who only listens has heard it. */
export async function hears(window: Hand, text: string): Promise<void> {
	const heard = `[...document.querySelectorAll("[aria-live], [role=status], [role=alert], [data-live-announcer]")]
		.some((place) => place.textContent.includes(${JSON.stringify(text)}))`;
	await until(`${window.person} to hear "${text}"`, () => window.screen.page.evaluate(heard));
}

/** One facilitator, with a document that the others have open. */
export async function meeting(workshop: Workshop, space: string, title: string, ...guests: string[]) {
	const anna = await workshop.seat("Anna");
	await anna.window.startsSpace(space);
	await anna.window.startsDocument(title);
	await anna.window.writesAtTheStart("Together.");
	const code = await anna.window.invites();
	const others = [];
	for (const guest of guests) {
		const seat = await workshop.seat(guest);
		await seat.window.joins(code, space);
		await seat.window.opensDocument(title);
		await seat.window.reads("Together.");
		others.push(seat);
	}
	return { anna, others };
}
