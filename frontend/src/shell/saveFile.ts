/**
 * Hands a small text to the person as a file of theirs, as browsers do it: it lands where downloads go, or the
 * browser asks where.
 */
export function saveText(name: string, text: string): void {
	const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
	follow(url, name);
	URL.revokeObjectURL(url);
}

/** Fetches what the Go side holds ready at an address of the page's own. */
export function follow(url: string, name = ""): void {
	const link = document.createElement("a");
	link.href = url;
	link.download = name;
	link.click();
}

/** A name that every file system takes, made of what people call a thing. */
export function fileName(title: string, ending: string): string {
	const clean = title
		.normalize("NFC")
		.replace(/[\p{C}\\/:*?"<>|]+/gu, " ")
		.replace(/\s+/gu, " ")
		.replace(/^[. ]+|[. ]+$/gu, "");
	return `${[...clean].slice(0, 60).join("").trim() || "Parley"}${ending}`;
}
