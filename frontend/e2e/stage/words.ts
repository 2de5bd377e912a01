import ar from "../../src/i18n/ar.json";
import de from "../../src/i18n/de.json";
import en from "../../src/i18n/en.json";

/** The words on the screen, taken from the catalogue, so that a better wording breaks no test. */
export const words = en;

export type Words = typeof en;

export const catalogues: Record<string, Words> = { en, de, ar };

/** A text of the catalogue with its gaps filled. */
export function fill(text: string, gaps: Record<string, string | number>): string {
	return text.replace(/\{\{(\w+)\}\}/g, (_, gap: string) => String(gaps[gap]));
}

/** The way to the sidebar where there is little room, whatever waits there. */
export function wayToSidebar(words: Words): RegExp {
	return new RegExp(`^${words.sidebar.show}`);
}

/** A text of the catalogue, whatever stands in its gaps. */
export function any(text: string): RegExp {
	const parts = text.split(/\{\{\w+\}\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
	return new RegExp(`^${parts.join(".*")}$`, "s");
}
