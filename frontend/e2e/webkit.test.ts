import { Display } from "./stage/display";
import { WebKitScreen } from "./stage/webkit";
import { Window } from "./stage/window";
import { test, type Workshop } from "./stage/workshop";

async function webkitWindow(workshop: Workshop, person: string): Promise<Window<WebKitScreen>> {
	const peer = await workshop.device(person);
	const display = await Display.open();
	workshop.afterwards(() => display.close());
	const screen = await WebKitScreen.open(display);
	workshop.afterwards(() => screen.close());
	await screen.go(peer.serving.web);
	const window = new Window(person, screen);
	await window.introduces();
	return window;
}

test("WebKit, the desktop window's engine: two people write, part, and merge", async ({ workshop }) => {
	const anna = await webkitWindow(workshop, "Anna");
	const ben = await webkitWindow(workshop, "Ben");
	await anna.startsSpace("Mill Lane neighbours");
	await anna.startsDocument("A better bus stop");
	await ben.joins(await anna.invites(), "Mill Lane neighbours");
	await ben.opensDocument("A better bus stop");

	await anna.writesAtTheEnd("# Why\nThe shelter leaks.");
	await ben.reads("Why", "The shelter leaks.");
	await ben.writesAtTheEnd(" The bench is wet.");
	await anna.reads("Why", "The shelter leaks. The bench is wet.");

	await ben.goesOffline();
	await ben.writesAtTheEnd("\nBen on the train.");
	await anna.writesAtTheStart("Look: ");
	await anna.reads("Look: Why", "The shelter leaks. The bench is wet.");
	await ben.goesOnline();
	const merged = ["Look: Why", "The shelter leaks. The bench is wet.", "Ben on the train."];
	await anna.reads(...merged);
	await ben.reads(...merged);

	await ben.screen.reload();
	await ben.reads(...merged);
});
