/** What can be lent: an open replica. */
export interface Lendable {
	/** Resolves once everything written so far is on disk; waits as long as that takes. */
	saved(): Promise<void>;
	close(): Promise<void>;
}

interface Loan<T> {
	opening: Promise<T>;
	borrowers: number;
}

/**
 * Opens things at most once at a time, however quickly people come and go: who comes back before everything was
 * saved gets the same thing again, and who comes back while it closes waits for that. Otherwise the close of an
 * earlier visit would take away what the next one has just opened.
 */
export class Lending<T extends Lendable> {
	readonly #loans = new Map<string, Loan<T>>();
	readonly #closing = new Map<string, Promise<void>>();

	/** Whether something that was given back still has to be saved. */
	get saving(): boolean {
		return [...this.#loans.values()].some((loan) => loan.borrowers === 0);
	}

	/** Borrows what is open under the key, or opens it. Whoever borrows gives back once. */
	borrow(key: string, open: () => Promise<T>): Promise<T> {
		let loan = this.#loans.get(key);
		if (loan === undefined) {
			const closed = this.#closing.get(key) ?? Promise.resolve();
			loan = { opening: closed.then(open), borrowers: 0 };
			this.#loans.set(key, loan);
		}
		loan.borrowers++;
		return loan.opening;
	}

	/** Closes the thing once nobody has it any more and all is saved. */
	async giveBack(key: string): Promise<void> {
		const loan = this.#loans.get(key);
		if (loan === undefined) return;
		loan.borrowers--;
		let thing: T;
		try {
			thing = await loan.opening;
		} catch {
			// What never opened is asked for anew by the next one.
			if (this.#unused(key, loan)) this.#loans.delete(key);
			return;
		}
		if (this.#unused(key, loan)) await thing.saved();
		if (!this.#unused(key, loan)) return;
		this.#loans.delete(key);
		const closing = thing.close().finally(() => {
			if (this.#closing.get(key) === closing) this.#closing.delete(key);
		});
		this.#closing.set(key, closing);
		await closing;
	}

	#unused(key: string, loan: Loan<T>): boolean {
		return this.#loans.get(key) === loan && loan.borrowers === 0;
	}
}
