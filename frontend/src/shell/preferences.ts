import { chooseLanguage, isLanguage, type Language } from "../i18n";
import { type TextSize, type Theme, textSizes, themes } from "../ui/theme";

/** How this computer shows Parley. Kept beside the window, not in the store: it is nobody else's business. */
export interface Preferences {
	language: Language;
	theme: Theme;
	textSize: TextSize;
	sidebar: boolean;
	people: boolean;
}

const KEY = "parley.preferences";

/** Reads what was kept; whatever is missing or unknown takes its default. */
export function readPreferences(storage: Pick<Storage, "getItem">, wanted: readonly string[]): Preferences {
	const kept = parse(storage.getItem(KEY));
	return {
		language: isLanguage(kept.language) ? kept.language : chooseLanguage(wanted),
		theme: oneOf(themes, kept.theme) ?? "system",
		textSize: oneOf(textSizes, kept.textSize) ?? 100,
		sidebar: kept.sidebar !== false,
		people: kept.people !== false,
	};
}

export function writePreferences(storage: Pick<Storage, "setItem">, preferences: Preferences): void {
	storage.setItem(KEY, JSON.stringify(preferences));
}

function parse(text: string | null): Record<string, unknown> {
	try {
		const value: unknown = JSON.parse(text ?? "{}");
		return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
	} catch {
		return {}; // Written by something else: the defaults do.
	}
}

function oneOf<V>(allowed: readonly V[], value: unknown): V | undefined {
	return allowed.find((candidate) => candidate === value);
}
