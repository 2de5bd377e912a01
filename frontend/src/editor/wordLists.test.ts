// @vitest-environment jsdom
import { DOMParser as Reader } from "prosemirror-model";
import { expect, test } from "vitest";
import { schema } from "./schema";
import { withWordLists } from "./wordLists";

function item(text: string, marker: string, level: number): string {
	return `<p class=MsoListParagraphCxSpMiddle style='text-indent:-18.0pt;mso-list:l0 level${level} lfo1'><![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>${marker}<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span></span><![endif]>${text}<o:p></o:p></p>`;
}

function pasted(html: string): string {
	const { body } = new DOMParser().parseFromString(withWordLists(html), "text/html");
	return Reader.fromSchema(schema).parse(body).toString();
}

test("Word's list paragraphs become lists within lists, without the bullets that Word writes as text", () => {
	const html = `<p class=MsoNormal>Before</p>\n${item("One", "·", 1)}\n${item("Within", "o", 2)}\n${item("Two", "·", 1)}\n<p class=MsoNormal>After</p>`;
	expect(pasted(html)).toBe(
		'doc(paragraph("Before"), bullet_list(list_item(paragraph("One"), bullet_list(list_item(paragraph("Within")))), list_item(paragraph("Two"))), paragraph("After"))',
	);
});

test("numbers make a numbered list, and a list of another kind beside it is one of its own", () => {
	expect(pasted(item("One", "1.", 1) + item("Two", "b)", 1) + item("Three", "·", 1))).toBe(
		'doc(ordered_list(list_item(paragraph("One")), list_item(paragraph("Two"))), bullet_list(list_item(paragraph("Three"))))',
	);
});

test("what Word did not write stays as it came", () => {
	const html = "<p onclick='x()'>Plain</p><ul><li>a</ul>";
	expect(withWordLists(html)).toBe(html);
});
