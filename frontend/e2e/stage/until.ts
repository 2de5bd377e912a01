/** How long anything may take before a test gives it up: generous, because a loaded machine is slow. */
export const PATIENCE = 20_000;

const BETWEEN_LOOKS = 50;

/**
 * Waits until `look` answers with something true and returns it. What `look` throws counts as "not yet" and is
 * reported if time runs out. `what` completes the sentence "Waited in vain for …".
 */
export async function until<T>(
	what: string,
	look: () => Promise<T> | T,
	patience = PATIENCE,
): Promise<NonNullable<T>> {
	const deadline = Date.now() + patience;
	for (let problem: unknown; ; ) {
		try {
			const found = await look();
			if (found) return found;
		} catch (error) {
			problem = error;
		}
		if (Date.now() > deadline) {
			throw new Error(`Waited in vain for ${what}.`, problem === undefined ? {} : { cause: problem });
		}
		await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
	}
}
