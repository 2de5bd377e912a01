import { expect } from "vitest";
import type { Name, Role, Screen } from "./screen";
import { PATIENCE, until } from "./until";
import { any, fill, words } from "./words";

/** A window as the person in front of it would tell its story. */
export class Window<S extends Screen = Screen> {
	readonly person: string;
	readonly screen: S;

	constructor(person: string, screen: S) {
		this.person = person;
		this.screen = screen;
	}

	/** First start: who is it? */
	async introduces(): Promise<void> {
		await this.#fills(words.first.name, this.person);
		await this.screen.press("button", words.first.start);
		await this.sees("heading", fill(words.home.hello, { name: this.person }));
	}

	async startsSpace(name: string): Promise<void> {
		await this.#fills(words.space.name, name);
		await this.screen.press("button", words.space.create);
		await this.sees("heading", name);
	}

	/** Starts a text document, gives it its title, and goes on to its text. */
	async startsDocument(title: string): Promise<void> {
		await this.screen.press("button", words.space.newDocument);
		await this.sees("textbox", words.text.label);
		await this.titles(title);
	}

	/** Types a title over the present one; Enter leads to the text. */
	async titles(title: string): Promise<void> {
		await this.screen.press("textbox", words.document.title);
		await this.screen.key("Control+a");
		await this.screen.type(title);
		await this.screen.key("Enter");
		await this.sees("heading", title);
	}

	async seesTitle(title: string): Promise<void> {
		await until(
			`${this.person} to see the title ${title}`,
			async () => (await this.screen.value(words.document.title)) === title,
		);
	}

	async opensSpace(name: string): Promise<void> {
		await this.screen.press("button", name);
		await this.sees("heading", name);
	}

	async opensDocument(title: string): Promise<void> {
		await this.screen.press("button", beginning(title));
		await this.sees("textbox", words.text.label);
	}

	async clicksIntoText(): Promise<void> {
		await this.screen.press("textbox", words.text.label);
	}

	async writes(text: string): Promise<void> {
		for (const [index, line] of text.split("\n").entries()) {
			if (index > 0) await this.screen.key("Enter");
			if (line !== "") await this.screen.type(line);
		}
	}

	async writesAtTheEnd(text: string): Promise<void> {
		await this.clicksIntoText();
		await this.screen.key("Control+End");
		await this.writes(text);
	}

	async writesAtTheStart(text: string): Promise<void> {
		await this.clicksIntoText();
		await this.screen.key("Control+Home");
		await this.writes(text);
	}

	async undoes(): Promise<void> {
		await this.screen.press("button", words.text.undo);
	}

	async redoes(): Promise<void> {
		await this.screen.press("button", words.text.redo);
	}

	/** Waits until the text has exactly these lines. */
	async reads(...lines: string[]): Promise<void> {
		let last: string[] = [];
		await until(`${this.person} to read what was written`, async () => {
			last = await this.screen.lines();
			return JSON.stringify(last) === JSON.stringify(lines);
		}).catch(() => expect(last, `what ${this.person} reads`).toEqual(lines));
	}

	/** Makes an invitation as the window offers it, and answers with its code. */
	async invites(): Promise<string> {
		await this.screen.press("button", words.space.invite);
		await this.screen.press("button", words.invite.make);
		const [code] = await until(`${this.person} to see a code`, async () =>
			/PARLEY1-[A-Z2-7-]{40,}/.exec(await this.screen.text()),
		);
		await this.#leavesDialog();
		return code;
	}

	async withdrawsInvitation(): Promise<void> {
		await this.screen.press("button", words.space.invite);
		await this.screen.press("button", any(words.invite.withdrawOf));
		await this.seesText(words.invite.withdrawDone);
		await this.#leavesDialog();
	}

	/** Pastes a code and tries it. What comes of it is for the story to say. */
	async triesCode(code: string): Promise<void> {
		await this.screen.press("button", words.home.join);
		await this.#fills(words.join.code, code);
		await this.screen.press("button", words.join.join);
	}

	async joins(code: string, space: string): Promise<void> {
		await this.triesCode(code);
		await this.sees("heading", space);
	}

	async goesOffline(): Promise<void> {
		await this.#switchesOffline();
		await this.seesText(words.sidebar.offline);
	}

	async goesOnline(): Promise<void> {
		await this.#switchesOffline();
		await until(
			`${this.person} to be online`,
			async () => !(await this.screen.text()).includes(words.sidebar.offline),
		);
	}

	async opensMenu(entry: string): Promise<void> {
		await this.screen.press("button", fill(words.sidebar.you, { name: this.person }));
		await this.screen.press("menuitem", beginning(entry));
	}

	async seesItSaved(): Promise<void> {
		await this.seesText(words.status.saved);
	}

	async seesItIsNotSaved(): Promise<void> {
		await this.seesText(words.status.disconnected);
	}

	async seesEveryoneUpToDate(): Promise<void> {
		await this.seesText(words.status.everyone);
	}

	async seesText(text: string, patience = PATIENCE): Promise<void> {
		await until(
			`${this.person} to see "${text}"`,
			async () => (await this.screen.text()).includes(text),
			patience,
		);
	}

	async sees(role: Role, name: Name): Promise<void> {
		await until(`${this.person} to see the ${role} ${name}`, () => this.screen.has(role, name));
	}

	async #switchesOffline(): Promise<void> {
		await this.opensMenu(words.sidebar.network);
		await this.screen.press("switch", words.network.offline);
		await this.#leavesDialog();
	}

	async #leavesDialog(): Promise<void> {
		await this.screen.press("button", words.app.close);
		await until(
			`${this.person} to be back from a dialog`,
			async () => !(await this.screen.has("dialog", /.*/)),
		);
	}

	async #fills(label: string, text: string): Promise<void> {
		await this.screen.press("textbox", label);
		await this.screen.type(text);
	}
}

/** A name that may go on: a document's with its date, an entry's with its keys. */
function beginning(name: string): RegExp {
	return new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`);
}
