import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import english from "./en.json";
import { type Language, languages } from "./languages";

export type { TFunction } from "i18next";
export { useTranslation } from "react-i18next";
export * from "./format";
export { chooseLanguage, isLanguage, type Language, languages } from "./languages";

const load: Record<Language, () => Promise<{ default: unknown }>> = {
	en: async () => ({ default: english }),
	de: () => import("./de.json"),
	ar: () => import("./ar.json"),
};

/** Starts in a language; resolves when its catalogue is there. English stands in for what a catalogue lacks. */
export async function startLanguage(language: Language): Promise<void> {
	await i18next.use(initReactI18next).init({
		lng: "en",
		fallbackLng: "en",
		resources: { en: { translation: english } },
		interpolation: { escapeValue: false }, // React escapes.
		returnNull: false,
	});
	await setLanguage(language);
}

/** Switches the window, its text direction included. */
export async function setLanguage(language: Language): Promise<void> {
	if (!i18next.hasResourceBundle(language, "translation")) {
		const catalogue = await load[language]();
		i18next.addResourceBundle(language, "translation", catalogue.default);
	}
	await i18next.changeLanguage(language);
	document.documentElement.lang = language;
	document.documentElement.dir = languages[language].direction;
}
export { useKeyNames } from "./useKeyNames";
export { useLocale } from "./useLocale";
