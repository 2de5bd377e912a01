package p2p

import (
	"bytes"
	"errors"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// Limits on what a message may hold. docs/protocol.md names them.
const (
	maxItems      = 1 << 16 // elements of any list, as the decoder sees it
	maxTags       = 512     // in a hello
	maxActors     = 1 << 13 // in one vector
	maxActor      = 64      // bytes; other Automerge programs choose their own length
	maxWants      = 256     // parts in one request
	maxPageBytes  = 1 << 20 // of entries or parts in one page
	maxPieceBytes = 1 << 20 // of changes in one piece, unless a single one is larger
	maxState      = 2 << 10 // bytes of presence
	maxHaves      = 256     // parts in one have
	maxLandmarks  = space.MaxLandmarks
	maxReasons    = 64 // refusal reasons that may ever be given a number
)

var (
	errLength = errors.New("a field has the wrong length")
	errCount  = errors.New("too many items")
	errOrder  = errors.New("items are out of order")
)

// wireVector is a version vector on the wire: actors in ascending order.
type wireVector []actorSeq

type actorSeq struct {
	_     struct{} `cbor:",toarray"`
	Actor []byte
	Seq   uint64
}

func toWire(v crdt.Vector) wireVector {
	wire := make(wireVector, 0, len(v))
	for _, actor := range v.Actors() {
		wire = append(wire, actorSeq{Actor: []byte(actor), Seq: v[actor]})
	}
	return wire
}

func (w wireVector) vector() crdt.Vector {
	v := make(crdt.Vector, len(w))
	for _, e := range w {
		v[chunk.Actor(e.Actor)] = e.Seq
	}
	return v
}

func (w wireVector) check() error {
	if len(w) > maxActors {
		return errCount
	}
	for i, e := range w {
		if len(e.Actor) == 0 || len(e.Actor) > maxActor || e.Seq == 0 {
			return errLength
		}
		if i > 0 && bytes.Compare(w[i-1].Actor, e.Actor) >= 0 {
			return errOrder
		}
	}
	return nil
}

// partVector says how far a part is held: a have.
type partVector struct {
	_        struct{} `cbor:",toarray"`
	Document crdt.DocumentID
	Part     space.Part
	Vector   wireVector
	Digest   shortDigest
}

func (p partVector) ref(id space.ID) crdt.Ref {
	return crdt.Ref{Space: id, Document: p.Document, Part: p.Part}
}

func checkParts(parts []partVector, limit int) error {
	if len(parts) > limit {
		return errCount
	}
	for _, p := range parts {
		if !p.Part.Valid() {
			return errLength
		}
		if err := p.Vector.check(); err != nil {
			return err
		}
	}
	return nil
}

// wireSignature is a crdt.Signature without the part it stands beside.
type wireSignature struct {
	_      struct{} `cbor:",toarray"`
	Actor  []byte
	Seq    uint64
	Hash   chunk.Hash
	Device space.DeviceID
	Sig    [64]byte
}

func checkEntries(entries [][]byte) error {
	for _, raw := range entries {
		if len(raw) == 0 || len(raw) > space.MaxEntry {
			return errLength
		}
	}
	return nil
}

func checkChunks(chunks [][]byte, limit int) error {
	for _, raw := range chunks {
		if len(raw) == 0 || len(raw) > limit {
			return errLength
		}
	}
	return nil
}

func checkSignatures(signatures []wireSignature) error {
	if len(signatures) > maxActors {
		return errCount
	}
	for _, s := range signatures {
		if len(s.Actor) == 0 || len(s.Actor) > maxActor || s.Seq == 0 {
			return errLength
		}
	}
	return nil
}

// pages cuts a list of byte strings into runs of at most limit bytes (or one
// item), and at most maxItems items. There is at least one page.
func pages(items [][]byte, limit int) [][][]byte {
	var out [][][]byte
	for start := 0; ; {
		end, size := start, 0
		for end < len(items) && end-start < maxItems && (end == start || size+len(items[end]) <= limit) {
			size += len(items[end])
			end++
		}
		out = append(out, items[start:end])
		if end == len(items) {
			return out
		}
		start = end
	}
}

// Hello.

type nonce struct {
	Nonce [32]byte `cbor:"1,keyasint"`
}

func (*nonce) kind() byte   { return 1 }
func (*nonce) check() error { return nil }

type tags struct {
	Tags []tag `cbor:"1,keyasint"`
}

func (*tags) kind() byte { return 2 }
func (m *tags) check() error {
	if len(m.Tags) > maxTags {
		return errCount
	}
	return nil
}

type proof struct {
	Tag     tag      `cbor:"1,keyasint"`
	Entries [][]byte `cbor:"2,keyasint"`
}

func (*proof) kind() byte     { return 3 }
func (m *proof) check() error { return checkEntries(m.Entries) }

type proofEnd struct{}

func (*proofEnd) kind() byte   { return 4 }
func (*proofEnd) check() error { return nil }

// Gossip begins with the name of the room.

type enterRoom struct {
	Space space.ID `cbor:"1,keyasint"`
}

func (*enterRoom) kind() byte   { return 1 }
func (*enterRoom) check() error { return nil }
