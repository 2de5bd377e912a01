import type { ChromiumScreen } from "./chromium";
import { until } from "./until";
import type { Window } from "./window";
import { any, fill, wayToSidebar } from "./words";

/** What a person does about their devices, their recovery sheet, and whom they verify, in one window. */
export class MyDevices {
	readonly #window: Window<ChromiumScreen>;

	constructor(window: Window<ChromiumScreen>) {
		this.#window = window;
	}

	/** Opens the list of devices. */
	async opens(): Promise<void> {
		await this.#window.opensMenu(this.#words.devices.title);
		await this.#window.sees("dialog", this.#words.devices.title);
	}

	/** Shows a code for one more device, and answers with it. The dialog stays open. */
	async showsLinkCode(): Promise<string> {
		await this.opens();
		await this.#screen.press("button", this.#words.devices.link);
		return await until("a link code", () => this.#screen.value(this.#words.devices.linkCode));
	}

	/** Waits until the device that used the code is seen here. */
	async seesLinked(label: string): Promise<void> {
		await this.#window.seesText(fill(this.#words.devices.linkDone, { device: label }));
		await this.#screen.press("button", this.#words.devices.finish);
		await this.#window.seesText(label);
		await this.#window.closesDialog();
	}

	/** At the first start: makes this device one of the person's who has shown the code. */
	async usesLink(code: string, label: string): Promise<void> {
		await this.#screen.press("button", this.#words.first.haveDevice);
		await this.#fills(this.#words.devices.useLabel, code);
		await this.#fills(this.#words.devices.name, label);
		await this.#screen.press("button", this.#words.devices.use);
	}

	async renames(from: string, to: string): Promise<void> {
		await this.#screen.press("button", fill(this.#words.devices.renameOf, { device: from }));
		await this.#screen.press("textbox", this.#words.devices.name);
		await this.#screen.key("Control+a");
		await this.#screen.type(to);
		await this.#screen.press("button", this.#words.devices.save);
		await this.#window.seesText(fill(this.#words.devices.renamed, { device: to }));
	}

	/** Takes a device out, in the list that is open. */
	async takesOut(label: string): Promise<void> {
		await this.#screen.press("button", fill(this.#words.devices.lostOf, { device: label }));
		await this.#window.seesText(this.#words.devices.lostNotCopy);
		await this.#screen.press("button", this.#words.devices.lostConfirm);
		await this.#window.seesText(fill(this.#words.devices.lostDone, { device: label }));
		await this.#window.seesNoMore("button", fill(this.#words.devices.lostOf, { device: label }));
	}

	/** Begins a sheet and answers with its words, which stay on the screen. */
	async drawsSheet(): Promise<string[]> {
		await this.opens();
		await this.#screen.press("button", this.#words.recovery.make);
		await this.#screen.press("button", this.#words.recovery.show);
		await this.#window.sees("button", this.#words.recovery.print);
		return await this.readsSheet();
	}

	/** The words of the sheet that is on the screen. */
	async readsSheet(): Promise<string[]> {
		const list = this.#screen.page.getByRole("list", { name: this.#words.recovery.words });
		return await list.getByRole("listitem").allInnerTexts();
	}

	/** Types the words that are asked for, the first of them wrong at first. */
	async provesSheet(words: readonly string[]): Promise<void> {
		const { recovery } = this.#words;
		await this.#screen.press("button", recovery.written);
		const fields = this.#screen.page.getByRole("textbox", { name: any(recovery.word) });
		await until("two words to be asked for", async () => (await fields.count()) === 2);
		const asked = (await fields.evaluateAll((all) =>
			all.map((field) => Number((field as HTMLInputElement).labels?.[0]?.textContent?.match(/\d+/)?.[0])),
		)) as number[];
		await this.#screen.type("nonsense");
		await this.#screen.press("button", recovery.finish);
		await this.#window.seesText(fill(recovery.wrong, { number: asked[0] ?? 0 }));
		for (const [index, number] of asked.entries()) await fields.nth(index).fill(words[number - 1] ?? "");
		await this.#screen.press("button", recovery.finish);
		await this.#window.sees("button", this.#words.devices.finish);
	}

	/** Waits until the list says that the sheet brings its owner back into all spaces. */
	async seesSheetCoversAll(): Promise<void> {
		await this.#window.seesText(this.#words.recovery.all.split("{{")[0] ?? "");
	}

	/** At the first start: comes back with a sheet, through somebody at an address. */
	async comesBack(words: readonly string[], address: string, label: string): Promise<void> {
		const { recover, devices, first } = this.#words;
		await this.#screen.press("button", first.haveSheet);
		await this.#fills(recover.words, words.join(" "));
		await this.#fills(recover.address, address);
		await this.#fills(devices.name, label);
		await this.#screen.press("button", recover.submit);
	}

	/** Opens the words to compare with somebody of the open space, and answers with them. */
	async looksAtWordsWith(person: string): Promise<string[]> {
		const { people, person: words, verify } = this.#words;
		const way = new RegExp(`^${people.title}`);
		await until("the way to the people", async () => {
			if (await this.#screen.has("link", way)) return true;
			// Where there is little room, the way there has to be asked for.
			const hidden = wayToSidebar(this.#words);
			if (await this.#screen.has("button", hidden)) await this.#screen.press("button", hidden);
			return false;
		});
		await this.#screen.press("link", way);
		await this.#screen.press("link", new RegExp(`^${person}`));
		await this.#screen.press("button", words.compare);
		await this.#window.sees("dialog", fill(verify.title, { name: person }));
		const list = this.#screen.page.getByRole("list", { name: verify.words });
		return await until("six words", async () => {
			const spoken = await list.getByRole("listitem").allInnerTexts();
			return spoken.length === 6 ? spoken : undefined;
		});
	}

	get #words() {
		return this.#window.words;
	}

	get #screen() {
		return this.#window.screen;
	}

	async #fills(label: string, text: string): Promise<void> {
		await this.#screen.press("textbox", label);
		await this.#screen.type(text);
	}
}
