package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
	"parley/space/canonical"
)

// Limits on what a frame may hold. docs/formats.md names them.
const (
	maxItems    = 1 << 16 // elements of any list, and parts or files in a bundle
	maxActors   = 1 << 13 // tips of one part, signatures in one piece
	maxActor    = 64      // bytes; other Automerge programs choose their own length
	maxProgram  = 64      // bytes of the name of a version
	maxMedia    = 127     // bytes of a media type
	maxLogBytes = 64 << 20
	maxTold     = 32 << 20 // bytes of tips in a bundle
)

var (
	errLength = errors.New("a field has the wrong length")
	errCount  = errors.New("too many items")
	errOrder  = errors.New("items are out of order")
)

// message is the content of a frame that is CBOR.
type message interface {
	// check reports fields out of bounds. It is called after decoding.
	check() error
}

var encoding, decoding = canonical.Modes(canonical.Limits{Levels: 8, Elements: maxItems, Pairs: 64})

func encode(m message) ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("encode %T: %w: %w", m, ErrTooLarge, err)
	}
	raw, err := encoding.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", m, err)
	}
	return raw, nil
}

// decode reads a content that must be exactly what encode writes.
func decode(content []byte, into message) error {
	if err := decoding.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%w: %T: %w", ErrForged, into, err)
	}
	again, err := encoding.Marshal(into)
	if err != nil {
		return fmt.Errorf("%w: %T: %w", ErrForged, into, err)
	}
	if !bytes.Equal(again, content) {
		return fmt.Errorf("%w: %T is not in canonical form", ErrForged, into)
	}
	if err := into.check(); err != nil {
		return fmt.Errorf("%w: %T: %w", ErrForged, into, err)
	}
	return nil
}

type headerMessage struct {
	ID       [16]byte `cbor:"1,keyasint"`
	Space    space.ID `cbor:"2,keyasint"`
	Made     uint64   `cbor:"3,keyasint"`
	Program  string   `cbor:"4,keyasint"`
	Document []byte   `cbor:"5,keyasint"` // empty: all of the space
	Since    []byte   `cbor:"6,keyasint"` // ID of the bundle that it goes on from; empty: everything
	Files    bool     `cbor:"7,keyasint"`
}

const maxTime = 1 << 40 // seconds; later than any clock

func (m *headerMessage) check() error {
	if len(m.Document) != 0 && len(m.Document) != len(crdt.DocumentID{}) ||
		len(m.Since) != 0 && len(m.Since) != len(m.ID) || len(m.Program) > maxProgram || m.Made > maxTime {
		return errLength
	}
	return nil
}

type logMessage struct {
	Entries [][]byte `cbor:"1,keyasint"`
}

func (m *logMessage) check() error {
	for _, raw := range m.Entries {
		if len(raw) == 0 || len(raw) > space.MaxEntry {
			return errLength
		}
	}
	return nil
}

type pieceMessage struct {
	Document   crdt.DocumentID    `cbor:"1,keyasint"`
	Part       space.Part         `cbor:"2,keyasint"`
	Snapshots  [][]byte           `cbor:"3,keyasint"`
	Changes    [][]byte           `cbor:"4,keyasint"`
	Signatures []signatureMessage `cbor:"5,keyasint"`
}

// signatureMessage is a crdt.Signature without the part it stands beside.
type signatureMessage struct {
	_      struct{} `cbor:",toarray"`
	Actor  []byte
	Seq    uint64
	Hash   chunk.Hash
	Device space.DeviceID
	Sig    [64]byte
}

func pieceOf(ref crdt.Ref, b crdt.Bundle) *pieceMessage {
	m := &pieceMessage{Document: ref.Document, Part: ref.Part, Snapshots: b.Snapshots, Changes: b.Changes}
	for _, s := range b.Signatures {
		m.Signatures = append(m.Signatures, signatureMessage{
			Actor: []byte(s.Actor), Seq: s.Seq, Hash: s.Hash, Device: s.Device, Sig: s.Sig,
		})
	}
	return m
}

func (m *pieceMessage) bundle() crdt.Bundle {
	b := crdt.Bundle{Snapshots: m.Snapshots, Changes: m.Changes}
	for _, s := range m.Signatures {
		b.Signatures = append(b.Signatures, crdt.Signature{
			Actor: chunk.Actor(s.Actor), Seq: s.Seq, Hash: s.Hash, Device: s.Device, Sig: s.Sig,
		})
	}
	return b
}

func (m *pieceMessage) check() error {
	if !m.Part.Valid() {
		return errLength
	}
	if len(m.Signatures) > maxActors || len(m.Snapshots) > maxItems || len(m.Changes) > maxItems {
		return errCount
	}
	for _, s := range m.Signatures {
		if len(s.Actor) == 0 || len(s.Actor) > maxActor || s.Seq == 0 {
			return errLength
		}
	}
	return errors.Join(checkChunks(m.Snapshots, chunk.DefaultLimits.Snapshot), checkChunks(m.Changes, chunk.DefaultLimits.Change))
}

func checkChunks(chunks [][]byte, limit int) error {
	for _, raw := range chunks {
		if len(raw) == 0 || len(raw) > limit {
			return errLength
		}
	}
	return nil
}

// toldMessage says exactly what who made the bundle has of some parts. All that
// it brings of them has come before.
type toldMessage struct {
	Parts []toldPart `cbor:"1,keyasint"`
}

type toldPart struct {
	_        struct{} `cbor:",toarray"`
	Document crdt.DocumentID
	Part     space.Part
	Tips     []toldTip // actors in ascending order
	Forks    [16]byte
	Aside    []byte // the beginnings of hashes, one after the other, ascending
	Digest   [16]byte
}

type toldTip struct {
	_     struct{} `cbor:",toarray"`
	Actor []byte
	Seq   uint64
	Hash  chunk.Hash
}

func toldOf(ref crdt.Ref, tips crdt.Tips) toldPart {
	told := toldPart{Document: ref.Document, Part: ref.Part, Forks: tips.Forks, Digest: tips.Digest}
	for _, id := range tips.Aside {
		told.Aside = append(told.Aside, id[:]...)
	}
	for _, actor := range slices.Sorted(maps.Keys(tips.Newest)) {
		tip := tips.Newest[actor]
		told.Tips = append(told.Tips, toldTip{Actor: []byte(actor), Seq: tip.Seq, Hash: tip.Hash})
	}
	return told
}

func (p toldPart) tips() crdt.Tips {
	tips := crdt.Tips{Newest: make(map[chunk.Actor]crdt.Tip, len(p.Tips)), Forks: p.Forks, Aside: p.aside(), Digest: p.Digest}
	for _, t := range p.Tips {
		tips.Newest[chunk.Actor(t.Actor)] = crdt.Tip{Seq: t.Seq, Hash: t.Hash}
	}
	return tips
}

func (p toldPart) aside() (ids []crdt.AsideID) {
	for id := range slices.Chunk(p.Aside, len(crdt.AsideID{})) {
		ids = append(ids, crdt.AsideID(id))
	}
	return ids
}

// size is at least what the part takes in a frame.
func (p toldPart) size() int { return 96 + len(p.Tips)*(48+maxActor) + len(p.Aside) }

func (m *toldMessage) check() error {
	for _, p := range m.Parts {
		if !p.Part.Valid() {
			return errLength
		}
		if len(p.Tips) > maxActors {
			return errCount
		}
		for i, t := range p.Tips {
			if len(t.Actor) == 0 || len(t.Actor) > maxActor || t.Seq == 0 {
				return errLength
			}
			if i > 0 && bytes.Compare(p.Tips[i-1].Actor, t.Actor) >= 0 {
				return errOrder
			}
		}
		if len(p.Aside)%len(crdt.AsideID{}) != 0 {
			return errLength
		}
		for i, ids := 1, p.aside(); i < len(ids); i++ {
			if ids[i-1].Compare(ids[i]) >= 0 {
				return errOrder
			}
		}
	}
	return nil
}

// fileMessage begins a file, whose bytes follow.
type fileMessage struct {
	ID    crdt.BlobID `cbor:"1,keyasint"`
	Media string      `cbor:"2,keyasint"`
	Size  uint64      `cbor:"3,keyasint"`
}

func (m *fileMessage) check() error {
	if m.Size > uint64(chunk.DefaultLimits.Blob) || len(m.Media) > maxMedia {
		return errLength
	}
	return nil
}

// namesMessage names files that somebody has who has the bundle.
type namesMessage struct {
	IDs []crdt.BlobID `cbor:"1,keyasint"`
}

func (*namesMessage) check() error { return nil }

type endMessage struct {
	Parts uint64 `cbor:"1,keyasint"` // that were told of
	Files uint64 `cbor:"2,keyasint"` // that it brings
	Lacks uint64 `cbor:"3,keyasint"` // parts and files that could not be read where it was made
}

func (*endMessage) check() error { return nil }
