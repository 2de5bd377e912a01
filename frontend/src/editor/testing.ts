import { history } from "prosemirror-history";
import { EditorState, type Plugin, type Transaction } from "prosemirror-state";
import type { Replica } from "../replica";
import { type Hall, openHall } from "../replica/testing";
import { Binding, type Surface } from "./binding";
import { normaliser } from "./normalise";

/** An editor without a page: state, binding and replica are the real ones. */
export class Writer implements Surface {
	state: EditorState;
	readonly binding: Binding;
	readonly replica: Replica;

	constructor(replica: Replica, plugins: readonly Plugin[] = []) {
		this.replica = replica;
		this.binding = new Binding(replica);
		this.state = EditorState.create({
			doc: this.binding.document(),
			plugins: [...plugins, history({ newGroupDelay: 0 }), normaliser()],
		});
		this.binding.attach(this);
	}

	updateState(state: EditorState): void {
		this.state = state;
	}

	readonly dispatch = (transaction: Transaction): void => {
		this.binding.dispatch(transaction);
	};
}

export { type Hall, openHall };
