// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Desk, type Hall, openHall } from "../replica/testing";
import { createTextEditor, type TextEditor, type TextEditorOptions } from "./editor";

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

describe("kinds of block", () => {
	test("a task is typed, ticked by its key and by its box, and followed by one that is still to be done", async () => {
		types(first, "[ ] roof");
		presses(first, "Enter", { ctrlKey: true });
		presses(first, "Enter");
		types(first, "bench");
		await hall.exchange();
		expect(shown(second)).toBe('task_list(list_item(paragraph("roof")), list_item(paragraph("bench")))');
		const boxes = () => [...second.view.dom.querySelectorAll<HTMLInputElement>("li.task > input")];
		expect(boxes().map((box) => box.checked)).toEqual([true, false]);
		for (const box of boxes()) box.click();
		await hall.exchange();
		expect(boxes().map((box) => box.checked)).toEqual([false, true]);
		const ticks = [...first.view.dom.querySelectorAll<HTMLInputElement>("li > input")].map(
			(box) => box.checked,
		);
		expect(ticks).toEqual([false, true]);
	});

	test("a reader ticks nothing", async () => {
		types(first, "[x] roof");
		await hall.exchange();
		second.setEditable(false);
		const box = second.view.dom.querySelector<HTMLInputElement>("li > input");
		box?.click();
		expect(box?.checked).toBe(true);
		expect(box?.getAttribute("aria-readonly")).toBe("true");
		second.setEditable(true);
		expect(box?.hasAttribute("aria-readonly")).toBe(false);
	});

	test("a box typed in a bulleted list makes a task of that item alone", () => {
		types(first, "- roof");
		presses(first, "Enter");
		types(first, "[x] bench");
		expect(shown(first)).toBe(
			'bullet_list(list_item(paragraph("roof"))), task_list(list_item(paragraph("bench")))',
		);
	});

	test("a slash opens the list at the start of a block and after a space, and nowhere else", () => {
		types(first, "/call");
		expect(first.slash.getSnapshot()).toEqual({ from: 1, query: "call" });
		const heard: string[] = [];
		first.slash.onKey((key) => heard.push(key) > 0);
		expect([presses(first, "ArrowDown"), presses(first, "Enter")]).toEqual([true, true]);
		expect(heard).toEqual(["ArrowDown", "Enter"]);
		first.slash.point({ list: "kinds", option: "kinds-callout" });
		expect(first.view.dom.getAttribute("aria-activedescendant")).toBe("kinds-callout");
		first.slash.point(null);
		expect(first.view.dom.hasAttribute("aria-activedescendant")).toBe(false);
		first.slash.clear();
		first.commands.callout.run();
		expect(shown(first)).toBe("callout(paragraph)");
		types(first, "and/or");
		expect(first.slash.getSnapshot()).toBeNull();
		types(first, " /");
		expect(first.slash.getSnapshot()).not.toBeNull();
		presses(first, "Escape");
		expect(first.slash.getSnapshot()).toBeNull();
		expect(shown(first)).toBe('callout(paragraph("and/or /"))');
	});

	test("what others write leaves the list where its slash is", async () => {
		types(first, "roof ");
		await hall.exchange();
		types(first, "/q");
		second.view.dispatch(second.view.state.tr.insertText("A ", 1));
		await hall.exchange();
		expect(first.slash.getSnapshot()).toEqual({ from: 8, query: "q" });
		first.slash.clear();
		expect(shown(first)).toBe('paragraph("A roof ")');
	});

	test("an exclamation mark makes a callout", () => {
		types(first, "! mind the step");
		expect(shown(first)).toBe('callout(paragraph("mind the step"))');
	});

	test("pasted tasks stay tasks", () => {
		first.view.pasteHTML(
			'<ul><li><input type="checkbox" checked> roof</li><li><input type="checkbox"> bench</li></ul>',
			new Event("paste") as ClipboardEvent,
		);
		expect(shown(first)).toBe('task_list(list_item(paragraph("roof")), list_item(paragraph("bench")))');
		expect(first.view.dom.querySelectorAll("li.done").length).toBe(1);
	});
});
