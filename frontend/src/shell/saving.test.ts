import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SavingState } from "./saving";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("a burst of keys is shown twice: saving at once, saved when it is over", () => {
	const state = new SavingState();
	const shown: string[] = [];
	state.subscribe(() => shown.push(state.getSnapshot().state));
	for (let key = 0; key < 50; key++) {
		state.set({ state: "saving" });
		vi.advanceTimersByTime(5);
		state.set({ state: "saved" });
		vi.advanceTimersByTime(95);
	}
	expect(shown).toEqual(["saving"]);
	vi.advanceTimersByTime(1000);
	expect(shown).toEqual(["saving", "saved"]);
});

test("a failure is shown at once, with each new reason", () => {
	const state = new SavingState();
	const reasons: string[] = [];
	state.subscribe(() => {
		const shown = state.getSnapshot();
		if (shown.state === "failed") reasons.push(shown.problem.code);
	});
	state.set({ state: "failed", problem: { code: "timeout", message: "" } });
	state.set({ state: "failed", problem: { code: "unwritable", message: "" } });
	expect(reasons).toEqual(["timeout", "unwritable"]);
});
