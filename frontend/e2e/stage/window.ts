import { expect } from "vitest";
import type { Name, Role, Screen } from "./screen";
import { PATIENCE, until } from "./until";
import { any, fill, type Words, wayToSidebar, words } from "./words";

/** A window as the person in front of it would tell its story. */
export class Window<S extends Screen = Screen> {
	readonly person: string;
	readonly screen: S;
	readonly words: Words;

	constructor(person: string, screen: S, catalogue: Words = words) {
		this.person = person;
		this.screen = screen;
		this.words = catalogue;
	}

	/** First start: who is it? */
	async introduces(): Promise<void> {
		await this.#fills(this.words.first.name, this.person);
		await this.screen.press("button", this.words.first.start);
		await this.sees("heading", fill(this.words.home.hello, { name: this.person }));
	}

	async startsSpace(name: string): Promise<void> {
		await this.#fills(this.words.space.name, name);
		await this.screen.press("button", this.words.space.create);
		await this.sees("heading", name);
	}

	async startsAnotherSpace(name: string): Promise<void> {
		await this.#findsWay("button", this.words.sidebar.add);
		await this.screen.press("button", this.words.sidebar.add);
		await this.screen.press("menuitem", this.words.sidebar.create);
		await this.startsSpace(name);
	}

	/** Starts a text document, gives it its title, and goes on to its text. */
	async startsDocument(title: string): Promise<void> {
		await this.screen.press("button", this.words.space.newDocument);
		await this.sees("textbox", this.words.text.label);
		await this.titles(title);
	}

	/** Types a title over the present one; Enter leads to the text. */
	async titles(title: string): Promise<void> {
		await this.screen.press("textbox", this.words.document.title);
		await this.screen.key("Control+a");
		await this.screen.type(title);
		await this.screen.key("Enter");
		await this.sees("heading", title);
	}

	async seesTitle(title: string): Promise<void> {
		await until(
			`${this.person} to see the title ${title}`,
			async () => (await this.screen.value(this.words.document.title)) === title,
		);
	}

	async opensSpace(name: string): Promise<void> {
		await this.#findsWay("link", name);
		await this.screen.press("link", name);
		await this.sees("heading", name);
	}

	async opensDocument(title: string): Promise<void> {
		await this.screen.press("link", beginning(title));
		await this.sees("textbox", this.words.text.label);
	}

	async clicksIntoText(): Promise<void> {
		await this.screen.press("textbox", this.words.text.label);
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
		await this.screen.press("button", this.words.text.undo);
	}

	async redoes(): Promise<void> {
		await this.screen.press("button", this.words.text.redo);
	}

	/** Chooses what kind of paragraph the caret is in. */
	async choosesBlock(kind: string): Promise<void> {
		await this.screen.press("button", any(this.words.text.blockType));
		await this.screen.press("menuitem", beginning(kind));
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
		await this.screen.press("button", this.words.space.invite);
		await this.screen.press("button", this.words.invite.make);
		await this.sees("textbox", this.words.invite.code);
		const code = await this.screen.value(this.words.invite.code);
		await this.closesDialog();
		return code;
	}

	async withdrawsInvitation(): Promise<void> {
		await this.screen.press("button", this.words.space.invite);
		await this.screen.press("button", any(this.words.invite.withdrawOf));
		await this.seesText(this.words.invite.withdrawDone);
		await this.closesDialog();
	}

	/** Pastes a code and tries it. What comes of it is for the story to say. */
	async triesCode(code: string): Promise<void> {
		await this.screen.press("button", this.words.home.join);
		await this.#fills(this.words.join.code, code);
		await this.screen.press("button", this.words.join.join);
	}

	async joins(code: string, space: string): Promise<void> {
		await this.triesCode(code);
		await this.sees("heading", space);
	}

	async goesOffline(): Promise<void> {
		await this.#switchesOffline();
		await this.seesText(this.words.sidebar.offline);
	}

	async goesOnline(): Promise<void> {
		await this.#switchesOffline();
		await until(
			`${this.person} to be online`,
			async () => !(await this.screen.text()).includes(this.words.sidebar.offline),
		);
	}

	async opensMenu(entry: string): Promise<void> {
		const menu = fill(this.words.sidebar.you, { name: this.person });
		await this.#findsWay("button", menu);
		await this.screen.press("button", menu);
		await this.screen.press("menuitem", beginning(entry));
	}

	async seesItSaved(): Promise<void> {
		await this.seesText(this.words.status.saved);
	}

	async seesItIsNotSaved(): Promise<void> {
		await this.seesText(this.words.status.disconnected);
	}

	async seesEveryoneUpToDate(): Promise<void> {
		await this.seesText(this.words.status.everyone);
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

	async seesNoMore(role: Role, name: Name): Promise<void> {
		await until(`${this.person} to see the ${role} ${name} no more`, async () => {
			return !(await this.screen.has(role, name));
		});
	}

	/** Where there is little room, the sidebar is a sheet that has to be asked for. */
	async #findsWay(role: Role, name: Name): Promise<void> {
		await until(`${this.person} to find the ${role} ${name}, or the way there`, async () => {
			if (await this.screen.has(role, name)) return true;
			const hidden = wayToSidebar(this.words);
			if (await this.screen.has("button", hidden)) await this.screen.press("button", hidden);
			return false;
		});
	}

	async #switchesOffline(): Promise<void> {
		await this.opensMenu(this.words.sidebar.network);
		await this.screen.press("switch", this.words.network.offline);
		await this.closesDialog();
	}

	async closesDialog(): Promise<void> {
		await until(`${this.person} to be back from a dialog`, async () => {
			if (!(await this.screen.has("dialog", /.*/))) return true;
			await this.screen.key("Escape");
			return false;
		});
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
