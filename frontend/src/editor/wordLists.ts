/**
 * Lists as Word puts them on the clipboard: paragraphs whose style says the level (`mso-list:l0 level2 lfo1`), with
 * the bullet or number as text in front, marked `mso-list:Ignore`. They come out as the lists they are.
 */
const LEVEL = /mso-list:\s*l\d+\s+level(\d+)/i;
const MARKER = /mso-list:\s*ignore/i;
const NUMBERED = /^\s*\(?(\d+|[a-z]{1,5})[.)]/i;
const DEEPEST = 9;

/** The pasted HTML with Word's list paragraphs as lists; what has none is given back as it came. */
export function withWordLists(html: string): string {
	if (!LEVEL.test(html)) return html;
	// A parsed document is inert: it runs nothing and loads nothing.
	const { body } = new DOMParser().parseFromString(html, "text/html");
	const starts = [...body.querySelectorAll("p")].filter(
		(paragraph) => levelOf(paragraph) > 0 && levelOf(paragraph.previousElementSibling) === 0,
	);
	for (const start of starts) listFrom(start);
	return body.innerHTML;
}

function levelOf(element: Element | null): number {
	if (element?.localName !== "p") return 0;
	const level = Number(LEVEL.exec(element.getAttribute("style") ?? "")?.[1] ?? 0);
	return Math.min(level, DEEPEST);
}

/** Makes lists of the paragraph and those that follow it as items. */
function listFrom(first: Element): void {
	const open: { level: number; list: Element }[] = [];
	for (let item: Element | null = first; item !== null && levelOf(item) > 0; ) {
		const next: Element | null = item.nextElementSibling;
		const level = levelOf(item);
		const name = takeMarker(item) ? "ol" : "ul";
		while (open.length > 1 && (open.at(-1)?.level ?? 0) > level) open.pop();
		let top = open.at(-1);
		if (top === undefined || top.level < level || top.list.localName !== name) {
			const list = item.ownerDocument.createElement(name);
			if (top !== undefined && top.level >= level) {
				open.pop();
				top.list.after(list);
			} else if (top !== undefined) top.list.lastElementChild?.append(list);
			else item.before(list);
			top = { level, list };
			open.push(top);
		}
		const entry = item.ownerDocument.createElement("li");
		top.list.append(entry);
		entry.append(item);
		item = next;
	}
}

/** Takes the bullet or number out of the item; answers whether it was a number. */
function takeMarker(item: Element): boolean {
	let numbered = false;
	for (const span of [...item.querySelectorAll("span")]) {
		if (!MARKER.test(span.getAttribute("style") ?? "")) continue;
		numbered ||= NUMBERED.test(span.textContent ?? "");
		span.remove();
	}
	return numbered;
}
