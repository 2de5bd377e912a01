import { type ReactNode, useEffect, useRef } from "react";

/** The heading of a step inside a dialog; whoever comes to the step hears it. */
export function StepHeading({ children }: { children: ReactNode }) {
	const heading = useRef<HTMLHeadingElement>(null);
	// The focus is the browser's.
	useEffect(() => heading.current?.focus(), []);
	return (
		<h3 ref={heading} tabIndex={-1}>
			{children}
		</h3>
	);
}
