// ProseMirror on Automerge, bound by @automerge/prosemirror and carried by automerge-repo: as its documentation
// sets it up. The address says where: #{"repo": port, "url": "automerge:…"}.
import { initializeBase64Wasm } from "@automerge/automerge/slim";
import { automergeWasmBase64 } from "@automerge/automerge/automerge.wasm.base64";
import { Repo } from "@automerge/automerge-repo/slim";
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket";
import { init } from "@automerge/prosemirror";
import { baseKeymap, toggleMark } from "prosemirror-commands";
import { keymap } from "prosemirror-keymap";
import { EditorState } from "prosemirror-state";
import { EditorView } from "prosemirror-view";

const { repo: port, url } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
await initializeBase64Wasm(automergeWasmBase64);
const repo = new Repo({ network: [new WebSocketClientAdapter(`ws://127.0.0.1:${port}`)] });
const handle = await repo.find(url);
await handle.whenReady();
const { schema, pmDoc, plugin } = init(handle, ["text"]);
new EditorView(document.body, {
	state: EditorState.create({
		schema,
		doc: pmDoc,
		plugins: [keymap({ "Mod-b": toggleMark(schema.marks.strong) }), keymap(baseKeymap), plugin],
	}),
});
