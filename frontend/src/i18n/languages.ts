/** The languages that Parley speaks, each with its own name for itself. */
export const languages = {
	en: { name: "English", direction: "ltr" },
	de: { name: "Deutsch", direction: "ltr" },
	ar: { name: "العربية", direction: "rtl" },
} as const satisfies Record<string, { name: string; direction: "ltr" | "rtl" }>;

export type Language = keyof typeof languages;

export function isLanguage(value: unknown): value is Language {
	return typeof value === "string" && Object.hasOwn(languages, value);
}

/** A language as the computer's region has it, for dates and numbers: the German of Austria, the English of Kenya. */
export function localeFor(language: string, wanted: readonly string[]): string {
	return wanted.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;
}

/** The first of a person's languages (BCP 47 tags, best first) that Parley speaks; English otherwise. */
export function chooseLanguage(wanted: readonly string[]): Language {
	for (const tag of wanted) {
		const primary = tag.toLowerCase().split("-")[0];
		if (isLanguage(primary)) return primary;
	}
	return "en";
}
