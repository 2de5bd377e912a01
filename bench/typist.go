package main

import (
	"fmt"

	"parley/app"
	"parley/crdt/chunk"
)

// typist makes the changes that a window makes while somebody types at the end
// of a text: one letter, one change.
type typist struct {
	space, document string
	window          *app.Window

	actors []chunk.Actor
	text   chunk.ID // the Text object, its actor an index into actors
	last   chunk.ID // the element typed last
	head   chunk.Change
}

// sitDown opens a new text document in a window.
func sitDown(window *app.Window, space, document string) (*typist, error) {
	opened, err := window.OpenDocument(space, document, "body")
	if err != nil {
		return nil, err
	}
	t := &typist{space: space, document: document, window: window}
	actor, err := hexActor(opened.Actor)
	if err != nil {
		return nil, err
	}
	t.actors = []chunk.Actor{actor}
	for _, raw := range opened.Chunks {
		change, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			return nil, fmt.Errorf("read the document's birth: %w", err)
		}
		t.build(change)
	}
	if t.text.IsZero() {
		return nil, fmt.Errorf("the document was born without a text")
	}
	return t, nil
}

// build takes in a change that the next one will depend on.
func (t *typist) build(change chunk.Change) {
	of := make([]int, 0, len(change.Actors()))
	for _, actor := range change.Actors() {
		of = append(of, t.index(actor))
	}
	for ops := change.Ops(); ops.Next(); {
		id := chunk.ID{Counter: ops.ID.Counter, Actor: of[ops.ID.Actor]}
		switch {
		case ops.Action == chunk.MakeText && ops.Object.IsZero():
			t.text = id
		case ops.Insert && !t.text.IsZero() && ops.Object.Counter == t.text.Counter:
			t.last = id
		}
	}
	t.head = chunk.Change{Seq: t.head.Seq, StartOp: change.MaxOp + 1, Deps: []chunk.Hash{change.Hash}}
	if change.Actor == t.actors[0] {
		t.head.Seq = change.Seq
	}
}

func (t *typist) index(actor chunk.Actor) int {
	for i, known := range t.actors {
		if known == actor {
			return i
		}
	}
	t.actors = append(t.actors, actor)
	return len(t.actors) - 1
}

// letter makes the change that types one more letter.
func (t *typist) letter(letter rune) ([]byte, error) {
	head := t.head
	head.Actor, head.Seq = t.actors[0], t.head.Seq+1
	change, err := chunk.Encode(head, t.actors, []chunk.Op{{
		Object: t.text, Key: chunk.Key{Elem: t.last}, Insert: true, Action: chunk.Put, Value: chunk.String(string(letter)),
	}})
	if err != nil {
		return nil, err
	}
	t.build(change)
	return change.Raw, nil
}

// commit hands a change in, as the window's page does, and comes back when it
// is durable.
func (t *typist) commit(change []byte) error {
	_, err := t.window.Commit(t.space, t.document, "body", [][]byte{change})
	return err
}
