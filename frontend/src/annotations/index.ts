export {
	type About,
	type Comment,
	deviceOf,
	limits,
	type Reaction,
	reactions,
	type Thread,
	Threads,
} from "./threads";
