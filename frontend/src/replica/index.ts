export { authorsOf, type Stretch } from "./authors";
export { type Core, loadCore, RawString } from "./automerge";
export { type IndexEntry, IndexReplica } from "./indexReplica";
export { Replica } from "./replica";
export {
	type Anchor,
	type Change,
	type Marker,
	type MarkSet,
	type Patch,
	RichText,
	type Span,
	TASK,
} from "./richText";
export type { Problem, ReplicaState } from "./state";
