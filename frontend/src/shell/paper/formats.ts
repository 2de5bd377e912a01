/** What a document can be saved as: how the file's name ends, the first one first. */
export const WRITTEN = ["docx", "odt", "pdf", "html", "md", "txt"] as const;

export type Ending = (typeof WRITTEN)[number];

/** How the names of files end that a document can be made of. */
export const READ: readonly string[] = [
	".docx",
	".docm",
	".dotx",
	".dotm",
	".odt",
	".ott",
	".html",
	".htm",
	".xhtml",
	".md",
	".markdown",
	".txt",
	".text",
];
