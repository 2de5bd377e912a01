import type { ChromiumScreen } from "./chromium";
import { MyDevices } from "./devices";
import type { Visit } from "./screens";
import { until } from "./until";
import type { Window } from "./window";
import { fill } from "./words";
import type { Seat, Workshop } from "./workshop";

/** At the first start: the ways back for somebody who has used Parley before. */
export async function visitWaysBack(window: Window<ChromiumScreen>, visit: Visit): Promise<void> {
	const { words, screen } = window;
	await screen.press("button", words.first.haveDevice);
	await screen.press("textbox", words.devices.useLabel);
	await visit("first-start-link", window);
	await screen.type("abandon abandom");
	await screen.press("button", words.devices.use);
	await window.seesText("abandom");
	await visit("first-start-link-with-a-slip", window);
	await screen.press("button", words.devices.back);
	await screen.press("button", words.first.haveSheet);
	await screen.press("textbox", words.recover.words);
	await visit("first-start-recovery-sheet", window);
	await screen.press("button", words.devices.back);
	await window.sees("textbox", words.first.name);
}

/** One's devices, a second one, what its loss means, the recovery sheet on the screen and on paper. */
export async function visitDevices(workshop: Workshop, { window }: Seat, visit: Visit): Promise<void> {
	const { words, screen } = window;
	const devices = new MyDevices(window);
	await devices.opens();
	await visit("devices", window);
	await screen.press("button", words.devices.link);
	const code = await until("a link code", () => screen.value(words.devices.linkCode));
	await visit("device-link", window);
	const tablet = await workshop.device("Tablet");
	await tablet.command("device", "join", code, "--name", "Tablet");
	await window.seesText(fill(words.devices.linkDone, { device: "Tablet" }));
	await visit("device-linked", window);
	await screen.press("button", words.devices.finish);
	await screen.press("button", fill(words.devices.renameOf, { device: "Tablet" }));
	await visit("device-rename", window);
	await screen.press("button", words.app.cancel);
	await screen.press("button", fill(words.devices.lostOf, { device: "Tablet" }));
	await visit("device-lost", window);
	await screen.press("button", words.app.cancel);
	await visitSheet(window, visit);
	await window.closesDialog();
}

async function visitSheet(window: Window<ChromiumScreen>, visit: Visit): Promise<void> {
	const { words, screen } = window;
	await screen.press("button", words.recovery.make);
	await visit("recovery-sheet-why", window);
	await screen.press("button", words.recovery.show);
	await window.sees("button", words.recovery.print);
	await visit("recovery-sheet-words", window);
	await screen.page.emulateMedia({ media: "print" });
	await visit("recovery-sheet-printed", window);
	await screen.page.emulateMedia({ media: "screen" });
	const devices = new MyDevices(window);
	await devices.provesSheet(await devices.readsSheet());
	await visit("recovery-sheet-done", window);
	await screen.press("button", words.devices.finish);
	await devices.seesSheetCoversAll();
}

/** Comparing words with somebody of the open space. */
export async function visitVerification(
	window: Window<ChromiumScreen>,
	person: string,
	visit: Visit,
): Promise<void> {
	const { words, screen } = window;
	await new MyDevices(window).looksAtWordsWith(person);
	await visit("verify", window);
	await screen.press("button", words.verify.different);
	await window.seesText(words.verify.differsTell);
	await visit("verify-different", window);
	await screen.press("button", words.verify.again);
	await screen.press("button", words.verify.same);
	await window.seesNoMore("dialog", /.*/);
}
