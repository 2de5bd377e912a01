import type { Node } from "prosemirror-model";
import { Plugin, type Transaction } from "prosemirror-state";
import { REMOTE } from "./amToPm";
import { buildBefore } from "./build";
import { flatten } from "./flat";
import { replaceTopLevel } from "./patch";
import { changedRange, inlineReplacement } from "./pmToAm";

/**
 * Keeps the document canonical: what the editor shows is always what its text would be shown as from scratch
 * (lists of one kind that meet are one list, a "\n" in a paragraph is a line break).
 */
export function normaliser(): Plugin {
	return new Plugin({
		appendTransaction(transactions, before, after) {
			if (transactions.every(isCanonical)) return null;
			const range = changedRange(before.doc, after.doc);
			if (range === null) return null;
			const tr = after.tr;
			const { to, nodes } = buildBefore(after.doc, range.newTo, flatten(after.doc, range.from, range.newTo));
			replaceTopLevel(tr, range.from, to, nodes);
			if (!tr.docChanged) return null;
			// Structure moves around the caret; the letter typed next is still meant as it was.
			if (after.storedMarks !== null) tr.setStoredMarks(after.storedMarks);
			return tr;
		},
	});
}

/** Whether a transaction surely leaves a canonical document canonical. */
function isCanonical(transaction: Transaction): boolean {
	if (!transaction.docChanged || transaction.getMeta(REMOTE) === true) return true;
	return transaction.steps.every((step, i) => inlineReplacement(step, transaction.docs[i] as Node) !== null);
}
