import { useEffect, useRef } from "react";
import { useSession } from "./session";
import type { Panels } from "./Workspace";

/** The window's own keys, as they stand in the keyboard help. None of them types a letter on any layout. */
export const windowKeys = {
	help: "F1",
	regions: "F6",
	regionsBack: "Shift-F6",
	sidebar: "F8",
	people: "F9",
} as const;

export function useShortcuts(panels: Panels): void {
	const { openDialog, space } = useSession();
	const act = ({ key, ctrlKey, altKey, metaKey, shiftKey }: KeyboardEvent): boolean => {
		if (ctrlKey || altKey || metaKey || document.querySelector("[role=dialog]") !== null) return false;
		if (key === "F6") nextRegion(shiftKey ? -1 : 1);
		else if (shiftKey) return false;
		else if (key === windowKeys.help) openDialog("keys");
		else if (key === windowKeys.sidebar) panels.sidebar.toggle();
		else if (key === windowKeys.people && space) panels.people.toggle();
		else return false;
		return true;
	};
	const latest = useRef(act);
	latest.current = act;
	// Keys that work wherever the focus is are heard on the window.
	useEffect(() => {
		const listen = (event: KeyboardEvent) => {
			if (!event.defaultPrevented && latest.current(event)) event.preventDefault();
		};
		window.addEventListener("keydown", listen);
		return () => window.removeEventListener("keydown", listen);
	}, []);
}

/** Takes the focus to the next or the previous of the window's parts; into a text where there is one. */
function nextRegion(step: 1 | -1): void {
	const regions = [...document.querySelectorAll<HTMLElement>("nav, main, aside")];
	const here = regions.findIndex((region) => region.contains(document.activeElement));
	const next = regions[(here + step + regions.length) % regions.length];
	const editable = next?.querySelector<HTMLElement>("[contenteditable=true]");
	(editable ?? next)?.focus();
}
