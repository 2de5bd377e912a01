import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { KeyNames } from "../ui/keys";

/** The names of keys in the window's language. */
export function useKeyNames(): KeyNames {
	const { t } = useTranslation();
	return useMemo(
		() => ({
			ctrl: t("keys.ctrl"),
			alt: t("keys.alt"),
			shift: t("keys.shift"),
			enter: t("keys.enter"),
			tab: t("keys.tab"),
			space: t("keys.space"),
			escape: t("keys.escape"),
		}),
		[t],
	);
}
