import { expect } from "vitest";
import type { Screen } from "./screen";
import { until } from "./until";
import { any, words } from "./words";

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
		await this.seesHeading(any(words.home.hello));
	}

	async startsSpace(name: string): Promise<void> {
		await this.#fills(words.space.name, name);
		await this.screen.press("button", words.space.create);
		await this.seesHeading(name);
	}

	/** Starts a text document, gives it its title, and puts the caret in its text. */
	async startsDocument(title: string): Promise<void> {
		await this.screen.press("button", words.space.newDocument);
		await this.#sees("textbox", words.document.title);
		await this.titles(title);
		await this.clicksIntoText();
	}

	async titles(title: string): Promise<void> {
		await this.screen.press("textbox", words.document.title);
		await this.screen.key("Control+a");
		await this.screen.type(title);
		await this.screen.key("Enter");
	}

	async opensDocument(title: string): Promise<void> {
		await this.screen.press("link", title);
		await this.#sees("textbox", words.text.label);
	}

	async clicksIntoText(): Promise<void> {
		await this.screen.press("textbox", words.text.label);
	}

	async writes(text: string): Promise<void> {
		for (const [index, line] of text.split("\n").entries()) {
			if (index > 0) await this.screen.key("Enter");
			await this.screen.type(line);
		}
	}

	/** Writes at the very end of the text. */
	async addsAtTheEnd(text: string): Promise<void> {
		await this.clicksIntoText();
		await this.screen.key("Control+End");
		await this.writes(text);
	}

	/** Waits until the window shows exactly these lines. */
	async reads(...lines: string[]): Promise<void> {
		let last: string[] = [];
		await until(`${this.person} to read what was written`, async () => {
			last = await this.screen.lines();
			return JSON.stringify(last) === JSON.stringify(lines);
		}).catch(() => expect(last, `what ${this.person} reads`).toEqual(lines));
	}

	/** Waits until the text has all of these somewhere. */
	async readsAmongOthers(...pieces: string[]): Promise<void> {
		let last = "";
		await until(`${this.person} to read what was written`, async () => {
			last = (await this.screen.lines()).join("\n");
			return pieces.every((piece) => last.includes(piece));
		}).catch(() => {
			for (const piece of pieces) expect(last, `what ${this.person} reads`).toContain(piece);
		});
	}

	async seesHeading(name: string | RegExp): Promise<void> {
		await this.#sees("heading", name);
	}

	async #sees(role: Parameters<Screen["has"]>[0], name: string | RegExp): Promise<void> {
		await until(`${this.person} to see the ${role} ${name}`, () => this.screen.has(role, name));
	}

	async #fills(label: string, text: string): Promise<void> {
		await this.screen.press("textbox", label);
		await this.screen.type(text);
	}
}
