package chunk

import (
	"errors"
	"fmt"
)

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

// ErrNoCore is wrapped by the error that says that there is no Automerge core
// for this system, so that nobody can say anything of a document.
var ErrNoCore = errors.New("the Automerge core does not exist for this system")

// ErrNoSession is wrapped by the error that says that a session is not open
// any more: open another one.
var ErrNoSession = errors.New("the document is not held open")

// AtError says which of several chunks is at fault.
type AtError struct {
	Chunk int // index into the chunks that were given
	Err   error
}

func (e *AtError) Error() string { return fmt.Sprintf("chunk %d: %v", e.Chunk, e.Err) }

// Unwrap gives what is wrong with it.
func (e *AtError) Unwrap() error { return e.Err }

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
