/** The languages that Parley speaks, each with its own name for itself. */
export const languages = {
	en: { name: "English", direction: "ltr" },
	de: { name: "Deutsch", direction: "ltr" },
} as const satisfies Record<string, { name: string; direction: "ltr" | "rtl" }>;

export type Language = keyof typeof languages;

export function isLanguage(value: unknown): value is Language {
	return typeof value === "string" && Object.hasOwn(languages, value);
}

/** The first of a person's languages (BCP 47 tags, best first) that Parley speaks; English otherwise. */
export function chooseLanguage(wanted: readonly string[]): Language {
	for (const tag of wanted) {
		const primary = tag.toLowerCase().split("-")[0];
		if (isLanguage(primary)) return primary;
	}
	return "en";
}
