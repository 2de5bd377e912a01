//go:build cgo && (linux || darwin) && (amd64 || arm64)

package materialize

import (
	"fmt"
	"runtime"

	"github.com/automerge/automerge-go"

	"parley/crdt/chunk"
)

// core is a document in the Automerge core.
type core struct{ doc *automerge.Doc }

// load gives the core chunks, each after those it depends on, which must all be
// there.
func load(raw []byte) (core, error) {
	if len(raw) == 0 {
		return core{doc: automerge.New()}, nil
	}
	doc, err := automerge.Load(raw)
	if err != nil {
		return core{}, fmt.Errorf("%w: the Automerge core refused it: %w", ErrUnreadable, err)
	}
	return core{doc: doc}, nil
}

// add gives the core more chunks.
func (c core) add(raw []byte) error {
	if err := c.doc.LoadIncremental(raw); err != nil {
		return fmt.Errorf("%w: the Automerge core refused it: %w", ErrUnreadable, err)
	}
	return nil
}

// free gives the core's memory back now, and not when Go, which does not see
// it, finds that it could do with some. The core is of no use afterwards.
func (c *core) free() {
	c.doc = nil
	// The finalizers of one collection run before those of the next.
	for range 2 {
		ran := make(chan struct{})
		last := &struct{ self *core }{c}
		runtime.SetFinalizer(last, func(any) { close(ran) })
		runtime.GC()
		<-ran
	}
}

// heads are the document's heads, in ascending order.
func (c core) heads() []chunk.Hash {
	var heads []chunk.Hash
	for _, h := range c.doc.Heads() {
		heads = append(heads, chunk.Hash(h))
	}
	return sortedHashes(heads)
}

func (c core) has(h chunk.Hash) bool {
	change, err := c.doc.Change(automerge.ChangeHash(h))
	return err == nil && change != nil
}

// save makes one document chunk of all changes.
func (c core) save() []byte { return c.doc.Save() }

// changes lists all changes, each after those it depends on.
func (c core) changes() ([][]byte, error) {
	list, err := c.doc.Changes()
	if err != nil {
		return nil, fmt.Errorf("%w: the Automerge core cannot take it apart: %w", ErrUnreadable, err)
	}
	out := make([][]byte, len(list))
	for i, change := range list {
		out[i] = append([]byte(nil), change.Save()...)
	}
	return out, nil
}
