import { Component, type ReactNode } from "react";

interface ErrorBoundaryProps {
	fallback: (error: Error, retry: () => void) => ReactNode;
	children: ReactNode;
}

/** Keeps a failure in one part of the page from taking the rest with it. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { error: Error | undefined }> {
	override state: { error: Error | undefined } = { error: undefined };

	static getDerivedStateFromError(reason: unknown) {
		return { error: reason instanceof Error ? reason : new Error(String(reason)) };
	}

	override render(): ReactNode {
		const { error } = this.state;
		if (error === undefined) return this.props.children;
		return this.props.fallback(error, () => this.setState({ error: undefined }));
	}
}
