const KEY = "parley.token";

/**
 * The token from the link's fragment (`#token=…`). It is taken out of the address bar, so that nobody copies it
 * by accident, and kept in this tab's session for a reload. Empty where the page was opened without one.
 */
export function takeToken(location: Location, history: History, session: Storage): string {
	const fragment = new URLSearchParams(location.hash.slice(1));
	const token = fragment.get("token");
	if (token === null) return session.getItem(KEY) ?? "";
	session.setItem(KEY, token);
	history.replaceState(history.state, "", location.pathname + location.search);
	return token;
}
