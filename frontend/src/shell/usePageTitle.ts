import { useEffect } from "react";

const PRODUCT = "Parley";

/** The title of the page or tab, until the screen goes; the document's head is outside of React. */
export function usePageTitle(...parts: (string | undefined)[]): void {
	const title = [...parts.filter((part) => part && part !== PRODUCT), PRODUCT].join(" – ");
	useEffect(() => {
		const before = document.title;
		document.title = title;
		return () => {
			document.title = before;
		};
	}, [title]);
}
