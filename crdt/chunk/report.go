package chunk

import "errors"

// ErrUnsound is wrapped by the error that says that chunks do not hold what
// somebody signed.
var ErrUnsound = errors.New("the signed change does not cover its author's changes")

// ErrUnreadable is wrapped by the error that says that chunks, each of which
// is well formed, are not a document when they are taken together.
var ErrUnreadable = errors.New("the document cannot be read")

// ErrStopped is wrapped by the error that says that whoever reads documents
// stopped over these chunks, or took more time or memory than it may. With the
// same chunks it will as a rule do so again.
var ErrStopped = errors.New("the document could not be processed")

// ErrNoSession is wrapped by the error that says that a session is not open
// any more: open another one.
var ErrNoSession = errors.New("the document is not held open")

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
