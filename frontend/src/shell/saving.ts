import type { Saving } from "../documents";

/** Nothing was written for this long: then it is worth saying that all is saved. */
const CALM_AFTER = 500;

/**
 * How the open document's own changes stand, as it is shown. Typing goes from saved to saving and back with every
 * key; "saving" is shown at once, "saved" only when it has stayed so, and between the two nothing is drawn anew.
 */
export class SavingState {
	#shown: Saving = { state: "saved" };
	#timer: ReturnType<typeof setTimeout> | undefined;
	readonly #listeners = new Set<() => void>();

	readonly set = (saving: Saving): void => {
		clearTimeout(this.#timer);
		if (saving.state === this.#shown.state && saving.state !== "failed") return;
		if (saving.state === "saved") this.#timer = setTimeout(() => this.#show(saving), CALM_AFTER);
		else this.#show(saving);
	};

	readonly getSnapshot = (): Saving => this.#shown;

	readonly subscribe = (listener: () => void): (() => void) => {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	};

	#show(saving: Saving): void {
		this.#shown = saving;
		for (const listener of this.#listeners) listener();
	}
}
