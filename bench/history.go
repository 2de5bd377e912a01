package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"parley/crdt/chunk"
)

// stroke is one key that somebody pressed: a character typed at a place, or,
// if typed is empty, the one at that place deleted. Places count code points.
type stroke struct {
	at    int
	typed string
}

// patch is an edit as the histories in bench/data have it: a place, how many
// code points are deleted there, and what is inserted.
type patch struct {
	at, deleted int
	inserted    string
}

// UnmarshalJSON reads [place, deleted, "inserted"].
func (p *patch) UnmarshalJSON(raw []byte) error {
	return json.Unmarshal(raw, &[]any{&p.at, &p.deleted, &p.inserted})
}

// readHistory takes one writer's history apart into single keys.
func readHistory(path string) (_ []stroke, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("read history %s: %w", path, err)
	}
	var history struct {
		Txns []struct{ Patches []patch }
	}
	if err := json.NewDecoder(unzipped).Decode(&history); err != nil {
		return nil, fmt.Errorf("read history %s: %w", path, err)
	}
	var strokes []stroke
	for _, txn := range history.Txns {
		for _, p := range txn.Patches {
			for range p.deleted {
				strokes = append(strokes, stroke{at: p.at})
			}
			for i, letter := range []rune(p.inserted) {
				strokes = append(strokes, stroke{at: p.at + i, typed: string(letter)})
			}
		}
	}
	return strokes, nil
}

// strokes are the first n keys of a real history that is written one time
// after the other, each below what is there already.
func strokes(n int) ([]stroke, error) {
	once, err := readHistory(filepath.Join("bench", "data", "sveltecomponent.json.gz"))
	if err != nil {
		return nil, err
	}
	all := make([]stroke, 0, n)
	length := 0
	for len(all) < n {
		begun := length
		for _, s := range once[:min(len(once), n-len(all))] {
			all = append(all, stroke{at: begun + s.at, typed: s.typed})
			if s.typed == "" {
				length--
			} else {
				length++
			}
		}
	}
	return all, nil
}

// hand makes the changes that a window makes while somebody writes a text: one
// key, one change.
type hand struct {
	actors   []chunk.Actor // the hand's own first
	text     chunk.ID      // the Text object, its actor an index into actors
	sequence []chunk.ID    // what is in it, in order; the markers of blocks too
	head     chunk.Change  // of the next change
}

// takeUp begins to write as an actor, in a document that holds these changes.
func takeUp(actor chunk.Actor, changes [][]byte) (*hand, error) {
	h := &hand{actors: []chunk.Actor{actor}}
	for _, raw := range changes {
		change, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			return nil, fmt.Errorf("read the document's birth: %w", err)
		}
		h.build(change)
	}
	if h.text.IsZero() {
		return nil, errors.New("the document was born without a text")
	}
	return h, nil
}

// build takes in a change of a document's birth, which appends to the text.
func (h *hand) build(change chunk.Change) {
	of := make([]int, 0, len(change.Others)+1)
	for _, actor := range change.Actors() {
		of = append(of, h.index(actor))
	}
	for ops := change.Ops(); ops.Next(); {
		id := chunk.ID{Counter: ops.ID.Counter, Actor: of[ops.ID.Actor]}
		switch {
		case ops.Action == chunk.MakeText && ops.Object.IsZero():
			h.text = id
		case ops.Insert && !h.text.IsZero() && ops.Object.Counter == h.text.Counter:
			h.sequence = append(h.sequence, id)
		}
	}
	h.moveOn(change)
}

func (h *hand) moveOn(change chunk.Change) {
	seq := h.head.Seq
	if change.Actor == h.actors[0] {
		seq = change.Seq + 1
	}
	h.head = chunk.Change{Actor: h.actors[0], Seq: max(1, seq), StartOp: change.MaxOp + 1, Deps: []chunk.Hash{change.Hash}}
}

func (h *hand) index(actor chunk.Actor) int {
	for i, known := range h.actors {
		if known == actor {
			return i
		}
	}
	h.actors = append(h.actors, actor)
	return len(h.actors) - 1
}

// insert makes the change that types a character before what is at a place in
// the sequence.
func (h *hand) insert(at int, typed string) (chunk.Change, error) {
	op := chunk.Op{Object: h.text, Insert: true, Action: chunk.Put, Value: chunk.String(typed)}
	if at > 0 {
		op.Key.Elem = h.sequence[at-1]
	}
	change, err := h.write(op)
	if err != nil {
		return chunk.Change{}, err
	}
	h.sequence = append(h.sequence, chunk.ID{})
	copy(h.sequence[at+1:], h.sequence[at:])
	h.sequence[at] = chunk.ID{Counter: change.StartOp}
	return change, nil
}

// press makes the change of a stroke, whose places count from a place in the
// sequence.
func (h *hand) press(from int, s stroke) (chunk.Change, error) {
	at := from + s.at
	if s.typed != "" {
		return h.insert(at, s.typed)
	}
	gone := h.sequence[at]
	h.sequence = append(h.sequence[:at], h.sequence[at+1:]...)
	return h.write(chunk.Op{
		Object: h.text, Key: chunk.Key{Elem: gone}, Action: chunk.Delete, Pred: []chunk.ID{gone},
	})
}

func (h *hand) write(op chunk.Op) (chunk.Change, error) {
	change, err := chunk.Encode(h.head, h.actors, []chunk.Op{op})
	if err != nil {
		return chunk.Change{}, err
	}
	h.moveOn(change)
	return change, nil
}
