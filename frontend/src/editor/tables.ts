import { DOMParser, Fragment, type Schema } from "prosemirror-model";

/**
 * What a row of a pasted table becomes: one line of text, with tabs between the cells as in a table that is
 * pasted as plain text. Blocks within a cell follow each other with spaces.
 */
export function rowContent(row: InstanceType<typeof window.Node>, schema: Schema): Fragment {
	const parser = DOMParser.fromSchema(schema);
	const cells = row instanceof HTMLElement ? [...row.children] : [];
	let content = Fragment.empty;
	cells.forEach((cell, i) => {
		let lines = Fragment.empty;
		parser.parse(cell).descendants((node) => {
			if (!node.isTextblock || node.content.size === 0) return true;
			if (lines.size > 0) lines = lines.addToEnd(schema.text(" "));
			lines = lines.append(node.content);
			return false;
		});
		if (i > 0) content = content.addToEnd(schema.text("\t"));
		content = content.append(lines);
	});
	return content;
}

/** Takes out the white space between a table's rows, of which ProseMirror's parser would make empty paragraphs. */
export function withoutGaps(html: string): string {
	return html.replace(/>\s+(?=<\/?(?:table|thead|tbody|tfoot|tr)\b)/gi, ">");
}
