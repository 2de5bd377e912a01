//go:build !(cgo && (linux || darwin) && (amd64 || arm64))

package materialize

import (
	"fmt"

	"parley/crdt/chunk"
)

// core stands in where the Automerge core has not been built for: documents
// can be read and written, but not merged into snapshots or taken apart.
type core struct{}

func load([]byte) (core, error) {
	return core{}, fmt.Errorf("merge document: %w", chunk.ErrNoCore)
}

func (core) add([]byte) error           { return nil }
func (*core) free()                     {}
func (core) heads() []chunk.Hash        { return nil }
func (core) has(chunk.Hash) bool        { return false }
func (core) save() []byte               { return nil }
func (core) changes() ([][]byte, error) { return nil, nil }
