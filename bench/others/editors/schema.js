import { Schema } from "prosemirror-model";
import { schema as basic } from "prosemirror-schema-basic";
import { addListNodes } from "prosemirror-schema-list";

/** What Hocuspocus calls the document, and where in it the text is. */
export const ROOM = "bench";
export const FIELD = "prosemirror";

/** ProseMirror's own basic schema with lists: what nearly everybody begins with. */
export const schema = new Schema({
	nodes: addListNodes(basic.spec.nodes, "paragraph block*", "block"),
	marks: basic.spec.marks,
});
