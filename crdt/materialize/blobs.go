package materialize

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"parley/crdt/chunk"
)

const opBlobs operation = "blobs"

// reference is what a scalar string that refers to a blob starts with; the
// SHA-256 of the blob follows, in lower-case hex.
const reference = "blob:"

// Blobs lists the blobs that the document refers to in what it shows now, by
// the SHA-256 of their bytes: ascending, each once. It fails with ErrMissing if
// the document is not complete.
func (c *Child) Blobs(ctx context.Context, chunks [][]byte) ([][32]byte, error) {
	r, err := c.lane.do(ctx, request{Operation: opBlobs, Chunks: chunks})
	names := make([][32]byte, 0, len(r.List))
	for _, name := range r.List {
		if len(name) != len([32]byte{}) {
			return nil, fmt.Errorf("list blobs: %w: a name of %d bytes", ErrUnreadable, len(name))
		}
		names = append(names, [32]byte(name))
	}
	return names, wrap("list blobs", err)
}

func (d document) blobs() ([][]byte, error) {
	built, err := d.build()
	if err != nil {
		return nil, err
	}
	found := make(map[[32]byte]bool)
	for value := range built.Scalars() {
		if name, ok := referenceTo(value); ok {
			found[name] = true
		}
	}
	list := make([][]byte, 0, len(found))
	for name := range found {
		list = append(list, name[:])
	}
	slices.SortFunc(list, bytes.Compare)
	return list, nil
}

// referenceTo reads a value that refers to a blob.
func referenceTo(value chunk.Value) (name [32]byte, ok bool) {
	raw := value.Bytes()
	if value.Kind != chunk.KindString || len(raw) != len(reference)+2*len(name) || string(raw[:len(reference)]) != reference {
		return name, false
	}
	digits := raw[len(reference):]
	if _, err := hex.Decode(name[:], digits); err != nil || !bytes.Equal(digits, bytes.ToLower(digits)) {
		return name, false
	}
	return name, true
}
