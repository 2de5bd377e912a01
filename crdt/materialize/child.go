package materialize

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"parley/crdt/chunk"
)

// Options say how the child runs. The zero value is good for production.
type Options struct {
	Command  []string      // default: this executable with Argument
	Memory   int64         // bytes the child may use; default 1.5 GiB
	Held     int64         // bytes that documents held open may take of it; default one half
	Deadline time.Duration // for one request; default 60 s
	Idle     time.Duration // after which a child with nothing to do leaves; default 20 s
	Unused   time.Duration // after which one leaves that only holds documents open; default 5 min
	Log      *slog.Logger
}

// Child runs requests in child processes, one at a time in each. One process
// opens documents for a single request, another holds open those that windows
// show (Open), so that these do not wait for large documents, and a third reads
// and writes files of other programs (Take, WriteFile). Each is started
// by its first request, and again by the next one after it crashed or left
// because there was nothing to do. A Child may be used by several goroutines.
//
// Every request takes a document as its chunks: snapshots and changes, in any
// order. A request whose context ends takes the child process with it.
type Child struct {
	lane     *lane
	sessions *sessions
	files    *lane // files of other programs, so that a large one makes nobody wait
}

// New prepares a child without starting it.
func New(options Options) *Child {
	if options.Memory == 0 {
		options.Memory = 3 << 29
	}
	if options.Held == 0 {
		options.Held = options.Memory / 2 // the rest is for taking more in
	}
	if options.Deadline == 0 {
		options.Deadline = time.Minute
	}
	if options.Idle == 0 {
		options.Idle = 20 * time.Second
	}
	if options.Unused == 0 {
		options.Unused = 5 * time.Minute
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return &Child{lane: newLane(options), sessions: newSessions(options), files: newLane(options)}
}

// Close stops the child and waits until it is gone. A request under way fails
// with ErrClosed.
func (c *Child) Close() error {
	c.lane.close()
	c.sessions.lane.close()
	c.files.close()
	return nil
}

// Running reports whether a child process is there at present.
func (c *Child) Running() bool {
	return c.lane.running() || c.sessions.lane.running() || c.files.running()
}

// Vet checks that the chunks load in the Automerge core and can be read by us,
// and reports which changes are missing. If the child dies over them it is
// asked again step by step; the error is then a *ChunkError that is also an
// ErrCrashed, and names the chunk that did it.
func (c *Child) Vet(ctx context.Context, chunks [][]byte) (chunk.Report, error) {
	r, err := c.lane.do(ctx, request{Operation: opVet, Chunks: chunks})
	if errors.Is(err, ErrCrashed) {
		r, err = c.lane.do(ctx, request{Operation: opVet, Chunks: chunks, Careful: true})
	}
	return r.Report, wrap("vet document", err)
}

// Compact makes one snapshot of everything. It fails with ErrMissing if the
// document is not complete.
func (c *Child) Compact(ctx context.Context, chunks [][]byte) (snapshot []byte, err error) {
	r, err := c.lane.do(ctx, request{Operation: opCompact, Chunks: chunks})
	return r.Bytes, wrap("compact document", err)
}

// Changes takes the document apart into single changes, leaving out those
// that the vector covers, each after the ones it depends on.
func (c *Child) Changes(ctx context.Context, chunks [][]byte, have map[chunk.Actor]uint64) ([][]byte, error) {
	r, err := c.lane.do(ctx, request{Operation: opChanges, Chunks: chunks, Have: have})
	return r.List, wrap("take document apart", err)
}

// Verify checks that each actor's signed change is in the document under that
// number, and that every earlier change of the actor is among its ancestors. If
// not, the error is a chunk.ErrUnsound.
func (c *Child) Verify(ctx context.Context, chunks [][]byte, signed map[chunk.Actor]chunk.Signed) error {
	_, err := c.lane.do(ctx, request{Operation: opVerify, Chunks: chunks, Signed: signed})
	return wrap("verify document", err)
}

// Read writes the document in a format.
func (c *Child) Read(ctx context.Context, chunks [][]byte, format Format) ([]byte, error) {
	r, err := c.lane.do(ctx, request{Operation: opRead, Chunks: chunks, Format: format})
	return r.Bytes, wrap("read document", err)
}

// Create writes the first changes of a new document.
func (c *Child) Create(ctx context.Context, birth Birth) (changes [][]byte, err error) {
	r, err := c.lane.do(ctx, request{Operation: opCreate, Birth: birth})
	return r.List, wrap("create document", err)
}

// Edit writes the change that an edit of a text makes, as the actor's next.
func (c *Child) Edit(ctx context.Context, chunks [][]byte, actor chunk.Actor, edit Edit) (change []byte, err error) {
	r, err := c.lane.do(ctx, request{Operation: opEdit, Chunks: chunks, Actor: actor, Edit: edit})
	return r.Bytes, wrap("edit document", err)
}

// PutEntry writes the change that enters a document into an index, or changes
// its title, as the actor's next. It is nil if the entry is there as it is.
func (c *Child) PutEntry(ctx context.Context, chunks [][]byte, actor chunk.Actor, entry IndexEntry) (change []byte, err error) {
	r, err := c.lane.do(ctx, request{Operation: opPut, Chunks: chunks, Actor: actor, Entry: entry, Now: time.Now()})
	return r.Bytes, wrap("write index", err)
}

// ArchiveEntry writes the change that archives a document of an index, or
// brings it back, as entry.Archived says, as the actor's next. Of the entry it
// needs the ID besides. It is nil if that is so already, or the index does not
// have the document.
func (c *Child) ArchiveEntry(ctx context.Context, chunks [][]byte, actor chunk.Actor, entry IndexEntry) (change []byte, err error) {
	r, err := c.lane.do(ctx, request{Operation: opArchive, Chunks: chunks, Actor: actor, Entry: entry, Now: time.Now()})
	return r.Bytes, wrap("archive document", err)
}

// Index reads a space's index, ordered by document ID.
func (c *Child) Index(ctx context.Context, chunks [][]byte) ([]IndexEntry, error) {
	r, err := c.lane.do(ctx, request{Operation: opIndex, Chunks: chunks})
	return r.Entries, wrap("read index", err)
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
