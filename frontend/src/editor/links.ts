const allowed = new Set(["http:", "https:", "mailto:"]);

/**
 * The address a link may lead to, or null where it may lead nowhere: only absolute http, https and mailto
 * addresses are links. Anything else (javascript:, data:, file:, a path) could run or reveal something.
 */
export function safeHref(text: string): string | null {
	const href = text.trim();
	if (!URL.canParse(href)) return null;
	return allowed.has(new URL(href).protocol) ? href : null;
}

/** Reads what a person typed as an address: "example.org" is meant as https, "a@example.org" as mailto. */
export function hrefFromInput(text: string): string | null {
	const input = text.trim();
	if (input === "" || /\s/.test(input)) return null;
	const whole = safeHref(input);
	if (whole !== null) return whole;
	if (/^[^@/:]+@[^@/:]+\.[^@/:]+$/.test(input)) return safeHref(`mailto:${input}`);
	if (/^[^/:@]+\.[^/:@]{2,}(:\d+)?([/?#].*)?$/.test(input)) return safeHref(`https://${input}`);
	return null;
}
