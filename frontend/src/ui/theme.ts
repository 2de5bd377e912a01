/** What a person may choose. `system` follows the computer, its wish for more contrast included. */
export const themes = ["system", "light", "dark", "contrast"] as const;
export type Theme = (typeof themes)[number];

export const textSizes = [100, 115, 130, 150, 200] as const;
export type TextSize = (typeof textSizes)[number];

export interface SystemWishes {
	dark: boolean;
	moreContrast: boolean;
}

export interface Appearance {
	scheme: "light" | "dark";
	moreContrast: boolean;
}

export function appearance(theme: Theme, system: SystemWishes): Appearance {
	switch (theme) {
		case "light":
		case "dark":
			return { scheme: theme, moreContrast: false };
		case "contrast":
			return { scheme: system.dark ? "dark" : "light", moreContrast: true };
		case "system":
			return { scheme: system.dark ? "dark" : "light", moreContrast: system.moreContrast };
	}
}

const dark = () => matchMedia("(prefers-color-scheme: dark)");
const moreContrast = () => matchMedia("(prefers-contrast: more)");

/** Draws the page in this theme and keeps following the computer; returns what stops that. */
export function followTheme(theme: Theme): () => void {
	const root = document.documentElement;
	const queries = [dark(), moreContrast()];
	const apply = () => {
		const look = appearance(theme, { dark: dark().matches, moreContrast: moreContrast().matches });
		root.dataset.theme = look.scheme;
		if (look.moreContrast) root.dataset.contrast = "more";
		else delete root.dataset.contrast;
	};
	apply();
	for (const query of queries) query.addEventListener("change", apply);
	return () => {
		for (const query of queries) query.removeEventListener("change", apply);
	};
}

export function applyTextSize(size: TextSize): void {
	document.documentElement.style.setProperty("--text-scale", String(size / 100));
}
