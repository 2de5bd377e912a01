// @vitest-environment jsdom
import { beforeEach, expect, test } from "vitest";
import { type Hall, openHall } from "../replica/testing";
import { createTextEditor, type TextEditor } from "./editor";

let hall: Hall;
let first: TextEditor;
let second: TextEditor;

beforeEach(async () => {
	hall = openHall();
	first = await openEditor(hall.desks[0] ?? hall.desk());
	second = await openEditor(hall.desk());
});

async function openEditor(desk: Hall["desks"][number]): Promise<TextEditor> {
	const place = document.body.appendChild(document.createElement("div"));
	return createTextEditor(place, await desk.open(), { editable: true, labels: { editor: "Text" } });
}

function types(editor: TextEditor, text: string): void {
	for (const letter of text) {
		const { view } = editor;
		const { from, to } = view.state.selection;
		const handled = view.someProp("handleTextInput", (handle) =>
			handle(view, from, to, letter, () => view.state.tr.insertText(letter)),
		);
		if (!handled) view.dispatch(view.state.tr.insertText(letter));
	}
}

function presses(editor: TextEditor, key: string, modifiers: KeyboardEventInit = {}): boolean {
	const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...modifiers });
	return editor.view.someProp("handleKeyDown", (handle) => handle(editor.view, event)) ?? false;
}

test("what one writes with Markdown shortcuts, the other sees", async () => {
	types(first, "# A better bus stop");
	presses(first, "Enter");
	types(first, "We want a **dry** place, see [plan](https://example.org).");
	presses(first, "Enter");
	types(first, "- roof");
	presses(first, "Enter");
	types(first, "bench");
	presses(first, "Tab");
	presses(first, "Enter");
	presses(first, "Enter");
	presses(first, "Enter");
	types(first, "---");
	types(first, "> quoted");
	await hall.exchange();
	expect(second.view.state.doc.toString()).toBe(first.view.state.doc.toString());
	expect(first.view.state.doc.toString()).toMatchInlineSnapshot(
		`"doc(heading("A better bus stop"), paragraph("We want a ", strong("dry"), " place, see ", link("plan"), "."), bullet_list(list_item(paragraph("roof"), bullet_list(list_item(paragraph("bench"))))), horizontal_rule, blockquote(paragraph("quoted")))"`,
	);
	expect(second.view.dom.innerHTML).toContain("<strong>dry</strong>");
});
