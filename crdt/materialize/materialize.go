// Package materialize turns a document's chunks into something to read, and
// wishes into changes, in a child process of its own.
//
// It is the only importer of automerge-go, whose core aborts the whole process
// on malformed input and allocates without a bound; so the core runs only in
// the child, which sets itself a memory limit, may die at any time, and is
// started again for the next request. The parent's half is Child; the child's
// half is Main, which a binary calls first thing when its first argument is
// Argument. The two halves are the same build of the same binary, so what they
// say to each other (frames.go) has no versions.
//
// The package knows chunks and what documents mean; it does not know spaces,
// members or storage.
package materialize

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/crdt/chunk"
)

// Argument is the hidden first argument that makes a binary the child.
const Argument = "materialize"

// The errors that callers branch on. Each is wrapped with what happened.
var (
	// ErrCrashed: the child died over the request, which includes that it ran
	// out of memory. The next request starts a new one. A request that
	// crashed once will as a rule crash again: do not retry for ever.
	ErrCrashed = fmt.Errorf("%w: its reader stopped", chunk.ErrStopped)

	// ErrDeadline: the request took too long and the child was stopped.
	ErrDeadline = fmt.Errorf("%w in time", chunk.ErrStopped)

	// ErrEnded: somebody else ended the child, several times in a row: the
	// system, for want of memory, or a person. It says nothing of the request.
	ErrEnded = errors.New("the reader of documents was ended from outside")

	// ErrUnreadable: the chunks are not a document, or not of the kind that
	// was asked for. Errors of type *ChunkError say which chunk is at fault.
	ErrUnreadable = chunk.ErrUnreadable

	// ErrMissing: changes depend on others that were not given. Errors of
	// type *MissingError list them.
	ErrMissing = errors.New("the document is not complete")

	// ErrOutOfRange: an edit lies outside the text.
	ErrOutOfRange = errors.New("the position lies outside the text")

	// ErrMarkdown: the text given to Create is no Markdown that can be taken.
	ErrMarkdown = errors.New("the text cannot be taken in")

	// ErrClosed: the Child was closed.
	ErrClosed = errors.New("the document reader is closed")
)

// ChunkError says which of the chunks given is at fault.
type ChunkError = chunk.AtError

// MissingError lists the changes that others depend on and that are not there.
type MissingError struct{ Hashes []chunk.Hash }

func (e *MissingError) Error() string {
	names := make([]string, 0, 3)
	for _, h := range e.Hashes[:min(3, len(e.Hashes))] {
		names = append(names, h.String()[:8])
	}
	return fmt.Sprintf("%v: %d changes are missing (%s…)", ErrMissing, len(e.Hashes), strings.Join(names, ", "))
}

// Is makes a MissingError an ErrMissing.
func (e *MissingError) Is(target error) bool { return target == ErrMissing }

// Format is how Read writes a document.
type Format = string

// The formats of Read.
const (
	Text      Format = "text"      // the text view
	Markdown  Format = "markdown"  // CommonMark
	JSON      Format = "json"      // blocks with spans and marks; see docs/formats.md
	Automerge Format = "automerge" // a file that any Automerge program loads
)

// Birth describes a new document.
type Birth struct {
	Actor    chunk.Actor
	Kind     string // "text" or "index"
	Markdown string // of a text: what it starts with; may be empty
	Time     time.Time
}

// Edit is a change to a text in terms of its text view: code points deleted
// at a position and others inserted in their place.
type Edit struct {
	At, Delete int
	Insert     string
	Time       time.Time
}

// IndexEntry is a document's entry in a space's index.
type IndexEntry struct {
	ID      string // of the document, in lower-case hex
	Kind    string
	Title   string
	Created time.Time

	// Whether it is archived, and since when; zero where that is not known.
	Archived   bool
	ArchivedAt time.Time
}
