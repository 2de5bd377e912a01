import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from "react";

const QUIET = 800;

const AnnounceContext = createContext<(text: string) => void>(() => {});

/** Says a sentence to those who listen instead of look; politely, and only the last of several in quick succession. */
export function useAnnounce(): (text: string) => void {
	return useContext(AnnounceContext);
}

export function Announcer({ children }: { children: ReactNode }) {
	const [text, setText] = useState("");
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	const announce = useCallback((sentence: string) => {
		clearTimeout(timer.current);
		timer.current = setTimeout(() => setText(sentence), QUIET);
	}, []);
	// The timer outlives a render, so only leaving the page ends it.
	useEffect(() => () => clearTimeout(timer.current), []);
	return (
		<AnnounceContext value={announce}>
			{children}
			<div role="status" aria-live="polite" className="visually-hidden">
				{text}
			</div>
		</AnnounceContext>
	);
}
