package crdt

import (
	"context"

	"parley/crdt/chunk"
)

// Materializer is the one who understands what the chunks of a document say:
// crdt/materialize, a child process. A document is passed as its chunks,
// snapshots and changes in any order. Any call may fail because the child
// died on the bytes; the store then leaves the document as it is. A call fails
// with chunk.ErrUnreadable when the chunks are no document together.
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
