// Package chunk reads and writes Automerge's binary format: the change chunks
// that travel and the document chunks that snapshots are made of.
//
// It exists so that bytes from outside can be judged in the main process
// without the Automerge core, which aborts on malformed input and inflates
// without a bound. Everything here is pure, works within given Limits, never
// panics on any input, and never allocates or loops by what the input merely
// claims. It knows the format, not what documents mean; it does not know who
// may write what.
package chunk

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
)

var (
	// ErrMalformed is wrapped by every error about bytes that are not a valid
	// chunk: truncated, damaged, inconsistent, or followed by something else.
	ErrMalformed = errors.New("malformed Automerge data")

	// ErrTooLarge is wrapped by every error about a chunk that is beyond the
	// limits, be it as given or once inflated.
	ErrTooLarge = errors.New("too large for Automerge data")
)

// Limits bound what one chunk may cost to read, and what is kept beside
// chunks: they are named here so that they stand in one place.
type Limits struct {
	Change   int // bytes of one change, before and after inflating
	Snapshot int // bytes of one document chunk as given
	Inflated int // bytes of all columns of one document chunk, inflated
	Ops      int // operations in one change
	AllOps   int // operations in one document chunk
	Changes  int // changes in one document chunk

	Blob  int64 // bytes of one blob
	Blobs int64 // bytes of all blobs of one space
}

// DefaultLimits are the limits every peer of Parley keeps to.
var DefaultLimits = Limits{
	Change:   4 << 20,
	Snapshot: 64 << 20,
	Inflated: 64 << 20,
	Ops:      4 << 20,
	AllOps:   16 << 20,
	Changes:  4 << 20,
	Blob:     256 << 20,
	Blobs:    1 << 30,
}

// Hash names a change: the SHA-256 of its uncompressed chunk.
type Hash [32]byte

// String is the hash in lower-case hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads a hash from hex.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if b, err := hex.DecodeString(s); err != nil || len(b) != len(h) {
		return Hash{}, fmt.Errorf("%w: a change hash is 64 hex digits", ErrMalformed)
	} else {
		copy(h[:], b)
	}
	return h, nil
}

// Compare orders hashes by their bytes.
func (h Hash) Compare(other Hash) int { return bytes.Compare(h[:], other[:]) }

// Actor is an Automerge actor ID: its raw bytes, held in a string so that it
// can be compared and used as a map key.
type Actor string

// String is the actor ID in lower-case hex.
func (a Actor) String() string { return hex.EncodeToString([]byte(a)) }

// MarshalText writes the actor ID as hex.
func (a Actor) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads an actor ID from hex.
func (a *Actor) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil {
		return fmt.Errorf("%w: an actor ID is written in hex", ErrMalformed)
	}
	*a = Actor(b)
	return nil
}

// maxActor bounds an actor ID. Automerge's own are 16 bytes, Parley's 20.
const maxActor = 128

// Kind says what a chunk holds.
type Kind uint8

// The chunk types of the format, by their number in it.
const (
	KindDocument   Kind = 0
	KindChange     Kind = 1
	KindCompressed Kind = 2
)

// KindOf looks at the frame of the first chunk in raw and at nothing else.
func KindOf(raw []byte) (Kind, error) {
	f, err := readFrame(raw)
	return f.kind, err
}

// Split takes a saved file apart into its chunks: what it returns points into
// raw. Only frames are looked at; each chunk is still to be parsed.
func Split(raw []byte, l Limits) ([][]byte, error) {
	if len(raw) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrMalformed)
	}
	var chunks [][]byte
	for len(raw) > 0 {
		f, err := readFrame(raw)
		if err != nil {
			return nil, fmt.Errorf("read chunk %d: %w", len(chunks)+1, err)
		}
		limit := l.Change
		if f.kind == KindDocument {
			limit = l.Snapshot
		}
		if f.size() > limit {
			return nil, fmt.Errorf("read chunk %d: %w: %d bytes, of %d allowed", len(chunks)+1, ErrTooLarge, f.size(), limit)
		}
		chunks = append(chunks, raw[:f.size():f.size()])
		raw = raw[f.size():]
	}
	return chunks, nil
}
