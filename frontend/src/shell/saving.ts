import type { Saving } from "../documents";

/** How the open document's own changes stand. Changes with every key, so only what shows it listens. */
export class SavingState {
	#saving: Saving = { state: "saved" };
	readonly #listeners = new Set<() => void>();

	readonly set = (saving: Saving): void => {
		this.#saving = saving;
		for (const listener of this.#listeners) listener();
	};

	readonly getSnapshot = (): Saving => this.#saving;

	readonly subscribe = (listener: () => void): (() => void) => {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	};
}
