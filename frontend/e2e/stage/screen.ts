/**
 * What a story needs of a window, whatever draws it: Chromium, WebKit in a browser, or the desktop program.
 * Things are found as a screen reader finds them, by role and accessible name.
 */
export interface Screen {
	/** Clicks the thing of that role and name, once it is there. */
	press(role: Role, name: Name): Promise<void>;
	/** Whether it is there now. */
	has(role: Role, name: Name): Promise<boolean>;
	/** Types where the focus is, key by key. */
	type(text: string): Promise<void>;
	/** Presses one chord where the focus is: `Enter`, `Control+b`. */
	key(chord: string): Promise<void>;
	/** What stands in the textbox of that name. */
	value(name: Name): Promise<string>;
	/** Everything that can be read on the screen. */
	text(): Promise<string>;
	/** The lines of the text that is being written, one per paragraph, without anybody's caret. */
	lines(): Promise<string[]>;
}

export type Role =
	| "button"
	| "textbox"
	| "link"
	| "switch"
	| "heading"
	| "option"
	| "menuitem"
	| "dialog"
	| "checkbox";
export type Name = string | RegExp;

export function matches(name: Name, label: string): boolean {
	return typeof name === "string" ? label.trim() === name : name.test(label);
}

/** A chord's modifiers and its key. */
export function chordOf(chord: string): { modifiers: string[]; key: string } {
	const modifiers = chord.split("+");
	const key = modifiers.pop() ?? "";
	return { modifiers, key };
}

/**
 * The body of a function that runs in a page and answers with the text's lines. It looks at the smallest blocks
 * only, and leaves out what the editor draws for the eye alone, such as other people's carets.
 */
export const LINES_SCRIPT = `
	const text = document.querySelector(".ProseMirror");
	if (!text) return [];
	return [...text.querySelectorAll("p, h1, h2, h3, h4, h5, h6, pre")].map((block) => {
		const copy = block.cloneNode(true);
		for (const drawn of copy.querySelectorAll(".ProseMirror-widget, .ProseMirror-separator, .ProseMirror-trailingBreak")) {
			drawn.remove();
		}
		return copy.textContent ?? "";
	});
`;
