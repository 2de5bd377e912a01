export { type Core, loadCore } from "./automerge";
export { type IndexEntry, IndexReplica } from "./indexReplica";
export { type Problem, Replica, type ReplicaState } from "./replica";
export {
	type Change,
	type Marker,
	type MarkSet,
	type Patch,
	RichText,
	type Span,
} from "./richText";
