import { useEffect, useState } from "react";

/**
 * A value that is shown only after it has stayed the same for `wait` milliseconds; at once where that is 0, and
 * the first one always. `key` tells whether two values are the same.
 */
export function useSteady<T>(value: T, key: string, wait: number): T {
	const [shown, setShown] = useState({ value, key });
	if (wait === 0 && shown.key !== key) setShown({ value, key });
	// Waiting is what the effect is for.
	// biome-ignore lint/correctness/useExhaustiveDependencies: values with one key are the same.
	useEffect(() => {
		const timer = setTimeout(() => setShown({ value, key }), wait);
		return () => clearTimeout(timer);
	}, [key, wait]);
	return wait === 0 ? value : shown.value;
}
