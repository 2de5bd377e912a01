import { expect } from "vitest";
import { until } from "./stage/until";
import { words } from "./stage/words";
import { test } from "./stage/workshop";

/** More stops than any screen has before its main button. */
const MOST_STOPS = 30;

test("by keyboard alone, from the first start to the first letter", async ({ workshop }) => {
	const peer = await workshop.device("Anna");
	const window = await workshop.window("Anna", peer);
	const { screen } = window;
	const focused = (role: "textbox" | "button", name: string) =>
		screen.page
			.getByRole(role, { name, exact: true })
			.first()
			.evaluate((thing) => thing.ownerDocument.activeElement === thing);

	await until("the name to have the focus", () => focused("textbox", words.first.name));
	await screen.type("Anna");
	await screen.key("Enter");
	await until("the space's name to have the focus", () => focused("textbox", words.space.name));
	await screen.type("Mill Lane neighbours");
	await screen.key("Enter");
	await window.sees("heading", "Mill Lane neighbours");
	await window.sees("button", words.space.newDocument);

	let stops = 0;
	while (!(await focused("button", words.space.newDocument))) {
		expect(stops++, "stops on the way to the first document").toBeLessThan(MOST_STOPS);
		await screen.key("Tab");
	}
	await screen.key("Enter");
	await until("the title to have the focus", () => focused("textbox", words.document.title));
	await window.sees("textbox", words.text.label);
	await screen.type("A better bus stop");
	await screen.key("Enter");
	await until("the text to have the focus", () => focused("textbox", words.text.label));
	await screen.type("A");
	await window.reads("A");
	await window.seesTitle("A better bus stop");
});
