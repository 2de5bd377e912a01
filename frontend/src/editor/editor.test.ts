// @vitest-environment jsdom
import { TextSelection } from "prosemirror-state";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ParleyError } from "../bridge";
import { RichText } from "../replica";
import { type Desk, type Hall, openHall } from "../replica/testing";
import { decodePlace, encodePlace } from "./carets";
import { createTextEditor, type TextEditor, type TextEditorOptions } from "./editor";
import { hrefFromInput, safeHref } from "./links";

let hall: Hall;
let first: TextEditor;
let second: TextEditor;
const open: TextEditor[] = [];

beforeEach(async () => {
	// jsdom lays nothing out; where a caret is on the screen does not matter here.
	Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
	Range.prototype.getBoundingClientRect = () => new DOMRect();
	hall = openHall();
	first = await openEditor(hall.desks[0] as Desk);
	second = await openEditor(hall.desk());
});

afterEach(() => {
	for (const editor of open.splice(0)) editor.destroy();
	document.body.replaceChildren();
});

async function openEditor(desk: Desk, options: Partial<TextEditorOptions> = {}): Promise<TextEditor> {
	const place = document.body.appendChild(document.createElement("div"));
	const replica = await desk.open();
	const editor = createTextEditor(place, replica, { editable: true, labels: { editor: "Text" }, ...options });
	open.push(editor);
	return editor;
}

function types(editor: TextEditor, text: string): void {
	for (const letter of text) {
		const { view } = editor;
		const { from, to } = view.state.selection;
		const insert = () => view.state.tr.insertText(letter);
		const handled = view.someProp("handleTextInput", (handle) => handle(view, from, to, letter, insert));
		if (!handled) view.dispatch(insert());
	}
}

/** Presses a key and answers whether the editor took it; what it leaves goes to the browser. */
function presses(editor: TextEditor, key: string, modifiers: KeyboardEventInit = {}): boolean {
	const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...modifiers });
	editor.view.dom.dispatchEvent(event);
	return event.defaultPrevented;
}

function shown(editor: TextEditor): string {
	return editor.view.state.doc.toString().slice(4, -1);
}

function selectAll(editor: TextEditor): void {
	const { doc, tr } = editor.view.state;
	editor.view.dispatch(tr.setSelection(TextSelection.create(doc, 1, doc.content.size - 1)));
}

describe("writing", () => {
	test("what one writes with Markdown, the other sees as it looks", async () => {
		types(first, "# A better bus stop");
		presses(first, "Enter");
		types(first, "We want a **dry** place, see [plan](https://example.org).");
		presses(first, "Enter");
		types(first, "- roof");
		presses(first, "Enter");
		types(first, "bench");
		presses(first, "Tab");
		for (let i = 0; i < 3; i++) presses(first, "Enter");
		types(first, "---");
		types(first, "> quoted");
		await hall.exchange();
		expect(shown(second)).toBe(shown(first));
		expect(shown(first)).toMatchInlineSnapshot(
			`"heading("A better bus stop"), paragraph("We want a ", strong("dry"), " place, see ", link("plan"), "."), bullet_list(list_item(paragraph("roof"), bullet_list(list_item(paragraph("bench"))))), horizontal_rule, blockquote(paragraph("quoted"))"`,
		);
		expect(second.view.dom.querySelector("strong")?.textContent).toBe("dry");
	});

	test.each([
		["### three", 'heading("three")'],
		["* star", 'bullet_list(list_item(paragraph("star")))'],
		["1. one", 'ordered_list(list_item(paragraph("one")))'],
		["> said", 'blockquote(paragraph("said"))'],
		["```let x", 'code_block("let x")'],
		["``` let x", 'code_block("let x")'],
		["```  let x", 'code_block(" let x")'],
		["--- below", 'horizontal_rule, paragraph("below")'],
		["#  wide", 'heading(" wide")'],
		["an *italic* word", 'paragraph("an ", em("italic"), " word")'],
		["an _italic_ word", 'paragraph("an ", em("italic"), " word")'],
		["some `code` here", 'paragraph("some ", code("code"), " here")'],
		["[bad](javascript:alert(1))", 'paragraph("[bad](javascript:alert(1))")'],
		["snake_case_name and 2*3*4", 'paragraph("snake_case_name and 2*3*4")'],
	])("%s", (typed, result) => {
		types(first, typed);
		expect(shown(first)).toBe(result);
	});

	test("Backspace right after a shortcut takes it back; undo takes back one's own only", async () => {
		types(first, "# ");
		expect(shown(first)).toBe("heading");
		presses(first, "Backspace");
		expect(shown(first)).toBe('paragraph("# ")');
		types(second, "second ");
		await hall.exchange();
		for (let i = 0; i < 9; i++) presses(first, "z", { ctrlKey: true });
		expect(shown(first)).toBe('paragraph("second ")');
	});

	test("a document that is empty, or whose text begins without a marker, can be written in", async () => {
		const replica = await (hall.desks[0] as Desk).open();
		const text = new RichText(() => replica.core);
		replica.edit(() => text.splice(0, 1, ""));
		await hall.exchange();
		expect(shown(first)).toBe("paragraph");
		types(first, "a");
		presses(first, "Enter");
		types(first, "b");
		await hall.exchange();
		expect(shown(second)).toBe('paragraph("a"), paragraph("b")');
	});
});

describe("keys", () => {
	test.each([
		["b", {}, "strong"],
		["i", {}, "em"],
		["e", {}, "code"],
		["1", { altKey: true }, "heading1"],
		["3", { altKey: true }, "heading3"],
		["7", { shiftKey: true }, "orderedList"],
		["8", { shiftKey: true }, "bulletList"],
		["9", { shiftKey: true }, "quote"],
	] as const)("Control and %s %o switches %s", (key, modifiers, id) => {
		types(first, "word");
		selectAll(first);
		expect(first.commands[id].isActive()).toBe(false);
		expect(presses(first, key, { ctrlKey: true, ...modifiers })).toBe(true);
		expect(first.commands[id].isActive()).toBe(true);
		first.commands[id].run();
		expect(first.commands[id].isActive()).toBe(false);
	});

	test("code that was switched on stays on while one types, until it is switched off", () => {
		types(first, "run ");
		presses(first, "e", { ctrlKey: true });
		types(first, "make test");
		presses(first, "e", { ctrlKey: true });
		types(first, " now");
		expect(first.view.dom.querySelector("code")?.textContent).toBe("make test");
		expect(first.view.dom.textContent).toBe("run make test now");
	});

	test("Tab indents in a list and leaves the editor elsewhere; after Escape it always leaves", () => {
		types(first, "plain");
		expect(presses(first, "Tab")).toBe(false);
		presses(first, "Enter");
		types(first, "- one");
		presses(first, "Enter");
		types(first, "two");
		expect(presses(first, "Tab")).toBe(true);
		expect(shown(first)).toContain('paragraph("one"), bullet_list(list_item(paragraph("two")))');
		presses(first, "Tab", { shiftKey: true });
		expect(shown(first)).toContain('list_item(paragraph("one")), list_item(paragraph("two"))');
		presses(first, "Escape");
		expect(presses(first, "Tab")).toBe(false);
		types(first, "!");
		presses(first, "a");
		expect(presses(first, "Tab")).toBe(true);
	});

	test("Backspace at the start of an item takes it out of the list", () => {
		types(first, "- ");
		types(first, "one");
		const { tr } = first.view.state;
		first.view.dispatch(tr.setSelection(TextSelection.create(tr.doc, 3)));
		presses(first, "Backspace");
		expect(shown(first)).toBe('paragraph("one")');
	});
});

describe("links", () => {
	test("only http, https and mailto lead anywhere", () => {
		expect(safeHref("https://example.org/a?b#c")).toBe("https://example.org/a?b#c");
		expect(safeHref("mailto:a@example.org")).toBe("mailto:a@example.org");
		for (const bad of [
			"javascript:alert(1)",
			" JaVaScRiPt:alert(1)",
			"data:text/html,x",
			"file:///etc",
			"/path",
		]) {
			expect(safeHref(bad)).toBe(null);
		}
		expect(hrefFromInput("example.org/stop")).toBe("https://example.org/stop");
		expect(hrefFromInput("a@example.org")).toBe("mailto:a@example.org");
		expect(hrefFromInput("not a link")).toBe(null);
		expect(hrefFromInput("javascript:alert(1)")).toBe(null);
	});

	test("a link is asked for, set, changed and taken away", async () => {
		const asked: string[] = [];
		const editor = await openEditor(hall.desk(), { onLink: ({ href }) => asked.push(href) });
		types(editor, "plan");
		selectAll(editor);
		presses(editor, "k", { ctrlKey: true });
		expect(editor.setLink("example.org")).toBe(true);
		expect(editor.setLink("javascript:alert(1)")).toBe(false);
		const { tr } = editor.view.state;
		editor.view.dispatch(tr.setSelection(TextSelection.create(tr.doc, 3)));
		presses(editor, "k", { ctrlKey: true });
		expect(asked).toEqual(["", "https://example.org"]);
		editor.setLink("https://example.net");
		expect(editor.view.dom.querySelector("a")?.getAttribute("href")).toBe("https://example.net");
		editor.setLink(null);
		expect(shown(editor)).toBe('paragraph("plan")');
	});

	test("a link is followed on purpose only, and never in this window", async () => {
		const followed: string[] = [];
		const editor = await openEditor(hall.desk(), { onOpenLink: (href) => followed.push(href) });
		types(editor, "[plan](https://example.org)");
		const click = (init: MouseEventInit = {}) => {
			const event = new MouseEvent("click", { bubbles: true, cancelable: true, ...init });
			editor.view.dom.querySelector("a")?.dispatchEvent(event);
			return event.defaultPrevented;
		};
		expect(click()).toBe(true);
		expect(followed).toEqual([]);
		expect(click({ ctrlKey: true })).toBe(true);
		presses(editor, "Enter", { altKey: true });
		editor.setEditable(false);
		expect(click()).toBe(true);
		expect(followed).toEqual(["https://example.org", "https://example.org", "https://example.org"]);
	});

	test("a link with another scheme, from another program, is shown without an address", async () => {
		const replica = await (hall.desks[0] as Desk).open();
		const text = new RichText(() => replica.core);
		replica.edit(() => {
			text.splice(1, 0, "click");
			text.mark(1, 6, "link", '{"href":"javascript:alert(1)","title":null}', false);
		});
		await hall.exchange();
		expect(first.view.dom.querySelector("a")?.hasAttribute("href")).toBe(false);
	});

	test("pasted HTML keeps its structure and loses what could run", () => {
		first.view.pasteHTML(
			'<h2 onclick="x()">Stop</h2><script>x()</script><p><a href="javascript:x()">bad</a> <a href="https://a.org">good</a></p><ul><li>one<ul><li>two</li></ul></li></ul>',
			new Event("paste") as ClipboardEvent,
		);
		expect(shown(first)).toBe(
			'heading("Stop"), paragraph("bad ", link("good")), bullet_list(list_item(paragraph("one"), bullet_list(list_item(paragraph("two")))))',
		);
		expect(first.view.dom.innerHTML).not.toMatch(/script|onclick/);
	});

	test("lines along pasted text are kept, but for those that only show a link", () => {
		first.view.pasteHTML(
			'<p><span style="text-decoration:underline">a</span> <span style="text-decoration: line-through; font-weight: 700">b</span> <a href="https://example.org" style="text-decoration:underline"><span style="text-decoration:underline">c</span></a> <mark>d</mark></p>',
			new Event("paste") as ClipboardEvent,
		);
		expect(shown(first)).toBe(
			'paragraph(underline("a"), " ", strong(strike("b")), " ", link("c"), " ", highlight("d"))',
		);
	});

	test("a pasted table becomes a line for each row, with its cells apart", () => {
		first.view.pasteHTML(
			"<p>Costs</p><table><thead>\n<tr> <th>What</th> <th>Price</th> </tr></thead><tbody><tr><td><p>Roof</p><p>with gutter</p></td><td></td><td><b>90</b></td></tr></tbody></table><p>Done</p>",
			new Event("paste") as ClipboardEvent,
		);
		expect(shown(first)).toBe(
			'paragraph("Costs"), paragraph("What\\tPrice"), paragraph("Roof with gutter\\t\\t", strong("90")), paragraph("Done")',
		);
	});
});

describe("together", () => {
	test("carets of others are shown, move with the text, and are not read out", async () => {
		vi.useFakeTimers();
		try {
			const places: Uint8Array[] = [];
			types(first, "roof");
			first.focus();
			first.onSelection((place) => places.push(place));
			types(first, "s");
			await vi.advanceTimersByTimeAsync(100);
			const place = decodePlace(places.at(-1) ?? new Uint8Array());
			expect(place).not.toBe(null);
			if (place === null) return;
			expect(encodePlace(place).length).toBeLessThan(256);
			await hall.exchange();
			second.setCarets([{ device: "d", name: "Ana", colour: 2, ...place }]);
			const caret = () => second.view.dom.querySelector(".text-editor-caret");
			expect(caret()?.getAttribute("aria-hidden")).toBe("true");
			expect(caret()?.previousSibling?.textContent).toBe("roofs");
			expect(second.view.dom.textContent).toBe("roofs");
			types(first, "!");
			await hall.exchange();
			expect(caret()?.previousSibling?.textContent).toBe("roofs!");
			second.setCarets([]);
			expect(caret()).toBe(null);
		} finally {
			vi.useRealTimers();
		}
	});

	test("a caret that is ahead of the text is shown when the text has arrived", async () => {
		vi.useFakeTimers();
		try {
			let place: Uint8Array = new Uint8Array();
			first.onSelection((now) => {
				place = now;
			});
			first.focus();
			types(first, "roof");
			await vi.advanceTimersByTimeAsync(100);
			const at = decodePlace(place);
			if (at === null) throw new Error("no place was announced");
			const carets = () => second.view.dom.querySelectorAll(".text-editor-caret").length;
			second.setCarets([{ device: "d", name: "Ana", colour: 2, ...at }]);
			expect(carets()).toBe(0);
			await hall.exchange();
			await vi.advanceTimersByTimeAsync(100);
			expect(carets()).toBe(1);
		} finally {
			vi.useRealTimers();
		}
	});

	test("a caret whose text is deleted stands at the nearest place, and is still there after undo", async () => {
		vi.useFakeTimers();
		try {
			const settle = async () => {
				await hall.exchange();
				await vi.advanceTimersByTimeAsync(100);
			};
			let place: Uint8Array = new Uint8Array();
			first.onSelection((now) => {
				place = now;
			});
			types(first, "one");
			presses(first, "Enter");
			types(first, "two");
			first.focus();
			first.view.dispatch(first.view.state.tr.setSelection(TextSelection.create(first.view.state.doc, 7, 8)));
			await settle();
			const at = decodePlace(place);
			if (at === null) throw new Error("no place was announced");
			second.setCarets([{ device: "d", name: "Ana", colour: 2, ...at }]);
			const carets = () =>
				[...second.view.dom.querySelectorAll(".text-editor-caret")].map(
					(caret) => caret.closest("p")?.textContent,
				);
			expect(carets()).toEqual(["two"]);
			const deletions = [
				{ from: 6, to: 9, left: "" },
				{ from: 5, to: 10, left: "one" },
			];
			for (const { from, to, left } of deletions) {
				second.view.dispatch(second.view.state.tr.delete(from, to));
				expect(carets()).toEqual([left]);
				await settle();
				expect(carets()).toEqual([left]);
				presses(second, "z", { ctrlKey: true });
				await settle();
				expect(shown(second)).toBe('paragraph("one"), paragraph("two")');
				expect(carets()).toHaveLength(1);
			}
		} finally {
			vi.useRealTimers();
		}
	});

	test("places from elsewhere that cannot be read are passed over", () => {
		for (const odd of ["", "{}", "[2,1]", "[1,2,3]", "\ufffd"]) {
			expect(decodePlace(new TextEncoder().encode(odd))).toBe(null);
		}
		second.setCarets([{ device: "d", name: "Ana", colour: 0, anchor: "9@00", head: "nonsense" }]);
		expect(second.view.dom.querySelector(".text-editor-caret")).toBe(null);
	});

	test("a reader sees but cannot change, by any way, and is not caught in lists", async () => {
		const reader = await openEditor(hall.desk(), { editable: false });
		expect(reader.view.dom.getAttribute("contenteditable")).toBe("false");
		expect(reader.view.dom.getAttribute("aria-readonly")).toBe("true");
		types(reader, "x");
		reader.commands.bulletList.run();
		expect(reader.commands.strong.isEnabled()).toBe(false);
		types(first, "hello");
		await hall.exchange();
		expect(shown(reader)).toBe('paragraph("hello")');
		first.commands.bulletList.run();
		await hall.exchange();
		expect(shown(reader)).toBe('bullet_list(list_item(paragraph("hello")))');
		expect(presses(reader, "Tab")).toBe(false);
	});

	test("while the copy in the window is broken nothing can be written; then it shows what was stored", async () => {
		const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
		const desk = hall.desks[0] as Desk;
		types(first, "kept");
		await desk.settle();
		const [replica] = desk.replicas;
		replica?.edit(() => {
			throw new ParleyError("unreadable", "The core trapped.");
		});
		types(first, " lost");
		expect(shown(first)).toBe('paragraph("kept")');
		await desk.settle();
		types(first, " again");
		await hall.exchange();
		expect(shown(second)).toBe('paragraph("kept again")');
		expect(errors).toHaveBeenCalledOnce();
		errors.mockRestore();
	});
});

test("what was written while the connection was lost is there when it returns, under whatever lease", async () => {
	const desk = hall.desks[0] as Desk;
	types(first, "- roof");
	await hall.exchange();
	desk.refusal = new ParleyError("disconnected", "The connection ended.");
	types(first, " of **glass** ");
	types(second, " and bench");
	await (hall.desks[1] as Desk).settle();
	desk.append(hall.desks[1]?.stored ?? []);
	await desk.replicas[0]?.pulled();
	presses(first, "Enter");
	types(first, "light");
	const written = shown(first);
	desk.refusal = null;
	desk.reconnect();
	await hall.exchange();
	expect(shown(first)).toBe(written);
	expect(shown(second)).toBe(written);
	expect(written).toContain("light");
	for (let i = 0; i < 99; i++) presses(first, "z", { ctrlKey: true });
	expect(shown(first)).toBe('paragraph(" and bench")');
});

describe("tools", () => {
	test("their state is one object until something changes, and changes are told", async () => {
		vi.useFakeTimers();
		try {
			let told = 0;
			first.subscribe(() => told++);
			const before = first.getSnapshot();
			types(first, "a");
			await vi.advanceTimersByTimeAsync(100);
			expect(first.getSnapshot()).not.toBe(before);
			expect(first.getSnapshot().undo.enabled).toBe(true);
			expect(told).toBe(1);
			types(first, "b");
			await vi.advanceTimersByTimeAsync(100);
			expect(told).toBe(1);
		} finally {
			vi.useRealTimers();
		}
	});

	test("every command that says it is enabled does something, and one that is not does nothing", () => {
		types(first, "- one");
		presses(first, "Enter");
		types(first, "two");
		for (const command of Object.values(first.commands)) {
			if (command.id === "link") continue;
			const before = first.view.state;
			const enabled = command.isEnabled();
			command.run();
			const same = first.view.state.doc.eq(before.doc) && first.view.state.storedMarks === before.storedMarks;
			expect([command.id, same]).toEqual([command.id, !enabled]);
		}
	});
});
