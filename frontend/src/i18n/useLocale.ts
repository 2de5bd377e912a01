import { useTranslation } from "react-i18next";
import { localeFor } from "./languages";

/** What dates, numbers and lists are written in. */
export function useLocale(): string {
	const { i18n } = useTranslation();
	return localeFor(i18n.language, navigator.languages);
}
