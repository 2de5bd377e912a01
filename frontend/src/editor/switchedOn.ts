import { Plugin } from "prosemirror-state";
import { REMOTE } from "./amToPm";

/**
 * A mark that does not grow by itself, such as code, stays on while one types after having switched it on, until
 * one switches it off or goes elsewhere. (ProseMirror would forget it with the first letter.)
 */
export function switchedOnPlugin(): Plugin {
	return new Plugin({
		appendTransaction(transactions, before, after) {
			const fixed = before.storedMarks?.filter((mark) => mark.type.spec.inclusive === false) ?? [];
			if (fixed.length === 0 || after.storedMarks !== null || !after.selection.empty) return null;
			const own = transactions.filter((tr) => tr.docChanged && tr.getMeta(REMOTE) !== true);
			// Stored marks would end a composition that is under way.
			if (own.length === 0 || own.some((tr) => tr.getMeta("composition") !== undefined)) return null;
			const { $from } = after.selection;
			const typed = fixed.filter((mark) => mark.isInSet($from.nodeBefore?.marks ?? []));
			if (typed.length === 0) return null;
			return after.tr.setStoredMarks(typed.reduce((marks, mark) => mark.addToSet(marks), $from.marks()));
		},
	});
}
