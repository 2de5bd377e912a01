import { useEffect } from "react";

const PRODUCT = "Parley";

/** The title of the page or tab; the document's head is outside of React. */
export function usePageTitle(...parts: (string | undefined)[]): void {
	const title = [...parts.filter((part) => part && part !== PRODUCT), PRODUCT].join(" – ");
	useEffect(() => {
		document.title = title;
	}, [title]);
}
