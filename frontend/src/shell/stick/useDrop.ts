import { useEffect, useState } from "react";
import { FILE_ENDING } from "./carriage";

/** Tells of a file by which a space is carried that is dropped anywhere on the window; and whether some file is over it. */
export function useDrop(take: (file: File) => void): boolean {
	const [over, setOver] = useState(false);
	// What is dragged comes from outside of the page.
	useEffect(() => {
		const drag = (event: DragEvent) => {
			if (!event.dataTransfer?.types.includes("Files")) return;
			event.preventDefault(); // else the browser would open what is dropped
			setOver(true);
		};
		const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
		const drop = (event: DragEvent) => {
			setOver(false);
			const file = [...(event.dataTransfer?.files ?? [])].find(({ name }) =>
				name.toLowerCase().endsWith(FILE_ENDING),
			);
			if (file === undefined) return;
			event.preventDefault();
			event.stopPropagation();
			take(file);
		};
		window.addEventListener("dragover", drag);
		window.addEventListener("dragleave", leave);
		window.addEventListener("drop", drop, true);
		return () => {
			window.removeEventListener("dragover", drag);
			window.removeEventListener("dragleave", leave);
			window.removeEventListener("drop", drop, true);
		};
	}, [take]);
	return over;
}
