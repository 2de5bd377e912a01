/** Names of keys as this computer's keyboard and the window's language write them. */
export interface KeyNames {
	ctrl: string;
	alt: string;
	shift: string;
	enter: string;
	tab: string;
	space: string;
	escape: string;
}

const apple = /mac|iphone|ipad/i;

export function isApple(platform: string = navigator.platform): boolean {
	return apple.test(platform);
}

/** "Mod-Shift-b" is "Ctrl+Shift+B", or "⌘⇧B" on Apple's keyboards. */
export function keyLabel(keys: string, names: KeyNames, onApple: boolean = isApple()): string {
	const parts = keys.split(/-(?=.)/u).map((key) => (onApple ? appleKey(key, names) : plainKey(key, names)));
	return parts.join(onApple ? "" : "+");
}

function plainKey(key: string, names: KeyNames): string {
	if (key === "Mod" || key === "Ctrl") return names.ctrl;
	return namedKey(key, names);
}

function appleKey(key: string, names: KeyNames): string {
	const symbols: Record<string, string> = { Mod: "⌘", Ctrl: "⌃", Alt: "⌥", Shift: "⇧" };
	return symbols[key] ?? namedKey(key, names);
}

function namedKey(key: string, names: KeyNames): string {
	const named: Record<string, string> = {
		Alt: names.alt,
		Shift: names.shift,
		Enter: names.enter,
		Tab: names.tab,
		Space: names.space,
		Escape: names.escape,
	};
	return named[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
