/**
 * The editor of text documents: ProseMirror on a replica's text. Draws the text and nothing around it; the
 * toolbar, the dialog for links and the list of people are drawn by whoever creates it.
 */
export {
	type Authored,
	type AuthorLook,
	type Passage,
	passagesOf,
	selectedPassage,
	showAuthors,
} from "./authorship";
export { type Caret, decodePlace, encodePlace, type Place } from "./carets";
export { type CommandId, commandIds } from "./commands";
export {
	type CommandState,
	createTextEditor,
	type EditorCommand,
	type TextEditor,
	type TextEditorOptions,
	type ToolState,
} from "./editor";
export { hrefFromInput } from "./links";
export type { Slash, SlashKey, SlashState } from "./slash";
