// ProseMirror on Yjs, bound by y-prosemirror and carried by Hocuspocus: as its documentation sets it up, with
// carets and undo. The address says where: #{"hocuspocus": port}.
import { HocuspocusProvider } from "@hocuspocus/provider";
import { baseKeymap, toggleMark } from "prosemirror-commands";
import { keymap } from "prosemirror-keymap";
import { EditorState } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import { redo, undo, yCursorPlugin, ySyncPlugin, yUndoPlugin } from "y-prosemirror";
import * as Y from "yjs";
import { FIELD, ROOM, schema } from "./schema.js";

const { hocuspocus } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const doc = new Y.Doc();
const provider = new HocuspocusProvider({
	url: `ws://127.0.0.1:${hocuspocus}`,
	name: ROOM,
	document: doc,
	onSynced: show,
});

let shown = false;

function show() {
	if (shown) return;
	shown = true;
	const keys = { "Mod-z": undo, "Mod-y": redo, "Mod-b": toggleMark(schema.marks.strong) };
	new EditorView(document.body, {
		state: EditorState.create({
			schema,
			plugins: [
				ySyncPlugin(doc.getXmlFragment(FIELD)),
				yCursorPlugin(provider.awareness),
				yUndoPlugin(),
				keymap(keys),
				keymap(baseKeymap),
			],
		}),
	});
}
