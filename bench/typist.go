package main

import (
	"parley/app"
)

// typist is somebody who types at the end of a text, in a window.
type typist struct {
	space, document string
	window          *app.Window
	hand            *hand
}

// sitDown opens a new text document in a window.
func sitDown(window *app.Window, space, document string) (*typist, error) {
	opened, err := window.OpenDocument(space, document, "body")
	if err != nil {
		return nil, err
	}
	actor, err := hexActor(opened.Actor)
	if err != nil {
		return nil, err
	}
	hand, err := takeUp(actor, opened.Chunks)
	if err != nil {
		return nil, err
	}
	return &typist{space: space, document: document, window: window, hand: hand}, nil
}

// letter makes the change that types one more letter.
func (t *typist) letter(letter rune) ([]byte, error) {
	change, err := t.hand.insert(len(t.hand.sequence), string(letter))
	return change.Raw, err
}

// commit hands a change in, as the window's page does, and comes back when it
// is durable.
func (t *typist) commit(change []byte) error {
	_, err := t.window.Commit(t.space, t.document, "body", [][]byte{change})
	return err
}
