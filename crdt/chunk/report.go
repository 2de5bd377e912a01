package chunk

// Report is what the Automerge core makes of a document's chunks taken
// together.
type Report struct {
	Heads   []Hash // of what could be applied, ascending
	Missing []Hash // dependencies that are in none of the chunks, ascending
	Vector  map[Actor]uint64
}

// Signed is the newest change of an actor that somebody signed.
type Signed struct {
	Hash Hash
	Seq  uint64
}
