package materialize

import (
	"fmt"
	"slices"

	"parley/crdt/chunk"
	"parley/crdt/chunk/richtext"
)

// held is a document that the child holds open: in the core, and as our own
// reader has it, which refuses what the core would abort on.
type held struct {
	core  core
	built *richtext.Document
}

// table is the documents that are held open, by session.
type table map[uint64]*held

// answer does what a request about a session asks, and has the others answered
// by themselves.
func (t table) answer(q request, announce func(int)) (r reply, err error) {
	switch q.Operation {
	case opOpen:
		var d document
		if d, err = parse(q.Chunks); err == nil {
			t[q.Session], r.Size, err = d.holds()
		}
	case opAdd:
		h := t[q.Session]
		if h == nil {
			return reply{}, chunk.ErrNoSession
		}
		err = h.add(q.Chunks)
	case opShut:
		if h := t[q.Session]; h != nil {
			delete(t, q.Session)
			h.core.free()
		}
	default:
		return answer(q, announce)
	}
	if err != nil {
		delete(t, q.Session)
	}
	return r, err
}

// Estimates of what a document takes in memory, in bytes: in the core by
// change, and in both by operation.
const (
	sizeOfChange    = 2 << 10
	sizeOfOperation = 512
)

// holds opens a document that is complete.
func (d document) holds() (*held, int64, error) {
	c, err := d.complete()
	if err != nil {
		return nil, 0, err
	}
	built, err := d.build()
	if err != nil {
		return nil, 0, err
	}
	var size int64
	for i := range d.snapshots {
		size += int64(d.snapshots[i].Changes)*sizeOfChange + int64(d.snapshots[i].Len())*sizeOfOperation
	}
	for i := range d.changes {
		size += sizeOfChange + int64(d.changes[i].Len())*sizeOfOperation
	}
	return &held{core: c, built: built}, size, shape(built)
}

// shape makes sure that a document is what it says it is, a text or an index,
// and can be read as that.
func (d document) shape() error {
	built, err := d.build()
	if err != nil {
		return err
	}
	return shape(built)
}

func shape(built *richtext.Document) error {
	field, ok := built.Field(richtext.Root, "kind")
	if !ok || built.IsText(field) || built.IsMap(field) {
		return nil
	}
	switch kind, _ := built.Value(field).(string); kind {
	case kindText:
		if text, ok := built.Field(richtext.Root, "text"); !ok || !built.IsText(text) {
			return fmt.Errorf("%w: it is not a text document", ErrUnreadable)
		}
	case kindIndex:
		if documents, ok := built.Field(richtext.Root, "documents"); !ok || !built.IsMap(documents) {
			return fmt.Errorf("%w: it is not an index", ErrUnreadable)
		}
	}
	return nil
}

// add takes changes in. After an error the document is of no further use.
func (h *held) add(chunks [][]byte) error {
	d, err := parse(chunks)
	if err != nil {
		return err
	}
	if len(d.snapshots) > 0 {
		return fmt.Errorf("%w: a snapshot is not added to a document that is open", ErrUnreadable)
	}
	for i := range d.changes {
		if err := h.built.Apply(d.changes[i]); err != nil {
			return fmt.Errorf("%w: %s", ErrUnreadable, err.Error())
		}
	}
	if err := h.core.add(d.bytes()); err != nil {
		return err
	}
	var added []chunk.Hash
	if added = h.core.heads(); !slices.Equal(added, h.built.Heads) {
		return fmt.Errorf("%w: the Automerge core does not take a change to it", ErrUnreadable)
	}
	return nil
}
