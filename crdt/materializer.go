package crdt

import (
	"context"

	"parley/crdt/chunk"
)

// Materializer is the one who understands what the chunks of a document say:
// crdt/materialize, a child process. A document is passed as its chunks,
// snapshots and changes in any order. A call fails with chunk.ErrUnreadable
// when the chunks are no document together, with chunk.ErrStopped when they
// ended the child, or took more time or memory than they may, and with
// chunk.ErrNoCore where the system has no Automerge core. Any other error says
// nothing of the chunks.
type Materializer interface {
	// Vet applies the chunks and reports what they come to.
	Vet(ctx context.Context, chunks [][]byte) (chunk.Report, error)

	// Compact makes one snapshot of the chunks.
	Compact(ctx context.Context, chunks [][]byte) (snapshot []byte, err error)

	// Changes takes out the single changes that a vector lacks, dependencies
	// first.
	Changes(ctx context.Context, chunks [][]byte, have map[chunk.Actor]uint64) ([][]byte, error)

	// Verify checks, for every actor in signed, that its signed change is
	// inside with that sequence number and has every earlier change of the
	// actor among its ancestors. Where that is not so it fails with
	// chunk.ErrUnsound; any other error says that it could not find out.
	Verify(ctx context.Context, chunks [][]byte, signed map[chunk.Actor]chunk.Signed) error
}

// Sessions is an optional ability of a Materializer: to hold documents open, so
// that taking in one more change costs what the change costs.
type Sessions interface {
	// Open opens a complete document and returns a number for it.
	Open(ctx context.Context, chunks [][]byte) (session uint64, err error)

	// Add takes changes in, dependencies first. It fails with
	// chunk.ErrNoSession where the session has ended, which it may do at any
	// time. After any error it is closed.
	Add(ctx context.Context, session uint64, changes [][]byte) error

	// CloseSession ends a session, if it is open.
	CloseSession(session uint64)
}
