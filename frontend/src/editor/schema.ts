import { type Attrs, type DOMOutputSpec, type Node, Schema, type TagParseRule } from "prosemirror-model";
import { safeHref } from "./links";
import type { Kept } from "./marker";
import { rowContent } from "./tables";

// Every block may carry the marker it came from, where that says more than the editor shows: see marker.ts.
const kept = { kept: { default: null as Kept | null } };

/** Lines that a style draws along text, as word processors write them; a link's own line is no underlining. */
function drawnWith(line: "underline" | "line-through"): TagParseRule {
	return {
		tag: "span, font, a",
		consuming: false,
		getAttrs: (element): false | null => {
			const drawn = element.style.textDecorationLine || element.style.textDecoration;
			return drawn.includes(line) && (line !== "underline" || element.closest("a") === null) ? null : false;
		},
	};
}

const levels = [1, 2, 3, 4, 5, 6] as const;

/**
 * What a text document may contain on screen. It is shaped after docs/formats.md: each node of the group
 * "leaf block" is one block marker, the containers are implied by the markers' parents.
 *
 * Lists and quotes take their direction from their text (bullets and the quote's bar stand on that side). A
 * text block has no dir of its own, since dir="auto" looks past whatever has one: editor.css sets its direction.
 */
export const schema = new Schema({
	nodes: {
		doc: { content: "block+" },
		paragraph: {
			group: "block",
			content: "inline*",
			attrs: kept,
			parseDOM: [{ tag: "p" }, { tag: "tr", getContent: rowContent }],
			toDOM: (): DOMOutputSpec => ["p", 0],
		},
		heading: {
			group: "block",
			content: "inline*",
			attrs: { ...kept, level: { default: 1, validate: "number" } },
			defining: true,
			parseDOM: levels.map((level) => ({ tag: `h${level}`, attrs: { level } })),
			toDOM: (node): DOMOutputSpec => [`h${node.attrs.level}`, 0],
		},
		code_block: {
			group: "block",
			content: "text*",
			attrs: kept,
			code: true,
			defining: true,
			parseDOM: [{ tag: "pre", preserveWhitespace: "full" }],
			toDOM: (): DOMOutputSpec => ["pre", { dir: "ltr", spellcheck: "false" }, ["code", 0]],
		},
		horizontal_rule: {
			group: "block",
			attrs: kept,
			parseDOM: [{ tag: "hr" }],
			toDOM: (): DOMOutputSpec => ["hr"],
		},
		blockquote: {
			group: "block",
			content: "block+",
			defining: true,
			parseDOM: [{ tag: "blockquote" }],
			toDOM: (): DOMOutputSpec => ["blockquote", { dir: "auto" }, 0],
		},
		callout: {
			group: "block",
			content: "block+",
			defining: true,
			parseDOM: [{ tag: "div.callout, aside, [role=note]" }],
			toDOM: (): DOMOutputSpec => ["div", { class: "callout", role: "note", dir: "auto" }, 0],
		},
		bullet_list: {
			group: "block",
			content: "list_item+",
			parseDOM: [{ tag: "ul" }],
			toDOM: (): DOMOutputSpec => ["ul", { dir: "auto" }, 0],
		},
		ordered_list: {
			group: "block",
			content: "list_item+",
			parseDOM: [{ tag: "ol" }],
			toDOM: (): DOMOutputSpec => ["ol", { dir: "auto" }, 0],
		},
		task_list: {
			group: "block",
			content: "list_item+",
			parseDOM: [
				{
					tag: "ul",
					priority: 60,
					getAttrs: (list): false | null =>
						list.querySelector(":scope > li input[type=checkbox]") !== null && null,
				},
			],
			// Safari takes the list's role away with its bullets.
			toDOM: (): DOMOutputSpec => ["ul", { class: "tasks", role: "list", dir: "auto" }, 0],
		},
		list_item: {
			content: "paragraph block*",
			/** Whether a task is done; null in other lists. */
			attrs: { done: { default: null as boolean | null } },
			defining: true,
			parseDOM: [
				{
					tag: "li",
					getAttrs: (item): Attrs => {
						const box = item.querySelector(
							":scope > input, :scope > label > input, :scope > p:first-child > input",
						);
						return { done: box?.getAttribute("type") === "checkbox" ? box.hasAttribute("checked") : null };
					},
				},
			],
			// tasks.ts draws the box that one can tick.
			toDOM: ({ attrs: { done } }): DOMOutputSpec =>
				done === null
					? ["li", 0]
					: ["li", ["input", done ? { type: "checkbox", checked: "" } : { type: "checkbox" }], ["div", 0]],
		},
		text: { group: "inline" },
		hard_break: {
			inline: true,
			group: "inline",
			selectable: false,
			linebreakReplacement: true,
			leafText: () => "\n",
			parseDOM: [{ tag: "br" }],
			toDOM: (): DOMOutputSpec => ["br"],
		},
	},
	marks: {
		link: {
			attrs: { href: { default: "" }, title: { default: null as string | null } },
			inclusive: false,
			parseDOM: [
				{
					tag: "a[href]",
					getAttrs: (element): Attrs | false => {
						const href = safeHref(element.getAttribute("href") ?? "");
						return href === null ? false : { href, title: element.getAttribute("title") };
					},
				},
			],
			toDOM: (mark): DOMOutputSpec => {
				// A link that came from elsewhere with another scheme is shown, but leads nowhere.
				const href = safeHref(String(mark.attrs.href));
				const title = mark.attrs.title === null ? {} : { title: String(mark.attrs.title) };
				return ["a", href === null ? title : { href, rel: "noopener noreferrer", ...title }, 0];
			},
		},
		strong: {
			parseDOM: [
				{ tag: "strong" },
				// Google Docs wraps everything it copies in <b style="font-weight:normal">.
				{ tag: "b", getAttrs: (element): false | null => element.style.fontWeight !== "normal" && null },
				{ style: "font-weight=400", clearMark: (mark) => mark.type.name === "strong" },
				{
					style: "font-weight",
					getAttrs: (value): false | null => /^(bold(er)?|[5-9]\d{2,})$/.test(value) && null,
				},
			],
			toDOM: (): DOMOutputSpec => ["strong", 0],
		},
		em: {
			parseDOM: [
				{ tag: "i" },
				{ tag: "em" },
				{ style: "font-style=italic" },
				{ style: "font-style=normal", clearMark: (mark) => mark.type.name === "em" },
			],
			toDOM: (): DOMOutputSpec => ["em", 0],
		},
		underline: {
			parseDOM: [{ tag: "u" }, { tag: "ins" }, drawnWith("underline")],
			toDOM: (): DOMOutputSpec => ["u", 0],
		},
		strike: {
			parseDOM: [{ tag: "s" }, { tag: "del" }, { tag: "strike" }, drawnWith("line-through")],
			toDOM: (): DOMOutputSpec => ["s", 0],
		},
		highlight: {
			parseDOM: [{ tag: "mark" }],
			toDOM: (): DOMOutputSpec => ["mark", 0],
		},
		code: {
			inclusive: false,
			parseDOM: [{ tag: "code" }],
			toDOM: (): DOMOutputSpec => ["code", { spellcheck: "false" }, 0],
		},
	},
});

export const nodes = schema.nodes;
export const marks = schema.marks;

/** Whether a node is one block of the format: it has a marker of its own, and no blocks inside. */
export function isLeafBlock(node: Node): boolean {
	return node.isTextblock || node.type === nodes.horizontal_rule;
}

export function isList(node: Node): boolean {
	return node.type === nodes.bullet_list || node.type === nodes.ordered_list || node.type === nodes.task_list;
}

/** Whether a node stands around blocks as a quote does. */
export function isBox(node: Node): boolean {
	return node.type === nodes.blockquote || node.type === nodes.callout;
}
