package p2p

import (
	"fmt"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// The messages of gossip. Changes and entries prove by themselves who wrote
// them. Presences and haves are statements of a device about itself, and travel
// as a statement that it signed.

type changesMessage struct {
	Document   crdt.DocumentID `cbor:"1,keyasint"`
	Part       space.Part      `cbor:"2,keyasint"`
	Changes    [][]byte        `cbor:"3,keyasint"`
	Signatures []wireSignature `cbor:"4,keyasint"`
}

func (*changesMessage) kind() byte { return 1 }
func (m *changesMessage) check() error {
	if !m.Part.Valid() || len(m.Changes) == 0 {
		return errLength
	}
	if err := checkChunks(m.Changes, chunk.DefaultLimits.Change); err != nil {
		return err
	}
	return checkSignatures(m.Signatures)
}

type entriesMessage struct {
	Entries [][]byte `cbor:"1,keyasint"`
}

func (*entriesMessage) kind() byte     { return 2 }
func (m *entriesMessage) check() error { return checkEntries(m.Entries) }

type presenceMessage struct {
	Counter  uint64     `cbor:"1,keyasint"`
	Document []byte     `cbor:"2,keyasint"` // empty: in no document
	Part     space.Part `cbor:"3,keyasint"`
	State    []byte     `cbor:"4,keyasint"`
}

func (*presenceMessage) kind() byte { return 3 }
func (m *presenceMessage) check() error {
	if !m.Part.Valid() || len(m.State) > maxState {
		return errLength
	}
	if len(m.Document) != 0 && len(m.Document) != len(crdt.DocumentID{}) {
		return errLength
	}
	return nil
}

type haveMessage struct {
	Counter uint64       `cbor:"1,keyasint"`
	Digest  [32]byte     `cbor:"2,keyasint"`
	Parts   []partVector `cbor:"3,keyasint"`
	Log     [32]byte     `cbor:"4,keyasint"`
}

func (*haveMessage) kind() byte     { return 4 }
func (m *haveMessage) check() error { return checkParts(m.Parts, maxHaves) }

// A statement wraps a presence or a have, and has its kind.
type statement struct {
	Author    space.DeviceID `cbor:"1,keyasint"`
	Content   []byte         `cbor:"2,keyasint"`
	Signature [64]byte       `cbor:"3,keyasint"`

	of byte
}

func (m *statement) kind() byte { return m.of }
func (*statement) check() error { return nil }

func (m *statement) signedBytes(id space.ID) []byte {
	b := append([]byte("parley/statement/1"), id[:]...)
	return append(append(b, m.of), m.Content...)
}

// state signs what this device says about itself in a space.
func state(key space.Key, id space.ID, m message) (*statement, error) {
	content, err := appendMessage(nil, m)
	if err != nil {
		return nil, err
	}
	s := &statement{Author: key.Device(), Content: content[1:], of: m.kind()}
	s.Signature = [64]byte(key.Sign(s.signedBytes(id)))
	return s, nil
}

// decodeGossip reads one gossip message of any kind. The author is zero where
// the message proves by itself who wrote what.
func decodeGossip(id space.ID, data []byte) (author space.DeviceID, m message, err error) {
	if len(data) == 0 || len(data) > maxGossip {
		return author, nil, fmt.Errorf("%w: gossip of %d bytes", errNonsense, len(data))
	}
	for _, m := range []message{&changesMessage{}, &entriesMessage{}} {
		if m.kind() == data[0] {
			return author, m, decodeMessage(data[1:], m)
		}
	}
	for _, m := range []message{&presenceMessage{}, &haveMessage{}} {
		if m.kind() != data[0] {
			continue
		}
		s := statement{of: data[0]}
		if err := decodeMessage(data[1:], &s); err != nil {
			return author, nil, err
		}
		if !s.Author.Verify(s.signedBytes(id), s.Signature[:]) {
			return author, nil, fmt.Errorf("%w: a statement with a wrong signature", errNonsense)
		}
		return s.Author, m, decodeMessage(s.Content, m)
	}
	return author, nil, fmt.Errorf("%w: gossip of kind %d", errNonsense, data[0])
}
