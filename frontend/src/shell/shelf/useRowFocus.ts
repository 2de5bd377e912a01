import { type FocusEvent, useCallback, useEffect, useRef } from "react";

/**
 * Keeps the focus in a list whose rows come and go: when the row that has it leaves, the focus goes to the link of
 * the row in its place, or to the page's heading where none is left. Spread the result on the list; its rows have
 * `data-row` with their ID.
 */
export function useRowFocus(rows: readonly { id: string }[]) {
	const list = useRef<HTMLUListElement>(null);
	const last = useRef<{ id: string; at: number }>(undefined);
	const onFocus = useCallback((event: FocusEvent) => {
		// What a row's menu shows lies elsewhere in the page, and its row has not lost the focus by that.
		const row = event.target.closest<HTMLElement>("[data-row]");
		if (row === null || !list.current?.contains(row)) return;
		last.current = { id: row.dataset.row ?? "", at: [...list.current.children].indexOf(row) };
	}, []);
	// The focus is the browser's.
	useEffect(() => {
		const left = last.current;
		if (left === undefined || rows.some(({ id }) => id === left.id)) return;
		last.current = undefined;
		const now = document.activeElement;
		if (now !== null && now !== document.body) return;
		const links =
			list.current?.querySelectorAll<HTMLElement>(":scope > li > a, :scope > li > [role=link]") ?? [];
		const next = links[Math.min(left.at, links.length - 1)];
		(next ?? document.querySelector<HTMLElement>("main h1"))?.focus();
	}, [rows]);
	return { ref: list, onFocus };
}
