package p2p

import (
	"fmt"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// The messages of catch-up, in the order in which they come.

type openPull struct {
	Space     space.ID     `cbor:"1,keyasint"`
	Landmarks []space.Hash `cbor:"2,keyasint"`
	Digest    [32]byte     `cbor:"3,keyasint"`
	Wants     []partTips   `cbor:"4,keyasint"`
}

func (*openPull) kind() byte { return 1 }
func (m *openPull) check() error {
	if len(m.Landmarks) > maxLandmarks {
		return errCount
	}
	return checkTips(m.Wants, maxWants)
}

type logPage struct {
	Entries [][]byte `cbor:"1,keyasint"`
	Last    bool     `cbor:"2,keyasint"`
}

func (*logPage) kind() byte     { return 2 }
func (m *logPage) check() error { return checkEntries(m.Entries) }

type sums struct {
	Digest  [32]byte    `cbor:"1,keyasint"`
	Buckets []bucketSum `cbor:"2,keyasint"`
}

type bucketSum struct {
	_      struct{} `cbor:",toarray"`
	Bucket uint8
	Digest shortDigest
}

func (*sums) kind() byte { return 3 }
func (m *sums) check() error {
	for i, b := range m.Buckets {
		if i > 0 && m.Buckets[i-1].Bucket >= b.Bucket {
			return errOrder
		}
	}
	return nil
}

type listParts struct {
	Buckets []uint `cbor:"1,keyasint"`
}

func (*listParts) kind() byte { return 4 }
func (m *listParts) check() error {
	for i, b := range m.Buckets {
		if b > 255 || i > 0 && m.Buckets[i-1] >= b {
			return errOrder
		}
	}
	return nil
}

type parts struct {
	Parts []partSum `cbor:"1,keyasint"`
	Last  bool      `cbor:"2,keyasint"`
}

type partSum struct {
	_        struct{} `cbor:",toarray"`
	Document crdt.DocumentID
	Part     space.Part
	Digest   shortDigest
}

func (*parts) kind() byte { return 5 }
func (m *parts) check() error {
	for _, p := range m.Parts {
		if !p.Part.Valid() {
			return errLength
		}
	}
	return nil
}

type pullEnd struct{}

func (*pullEnd) kind() byte   { return 6 }
func (*pullEnd) check() error { return nil }

type wantParts struct {
	Wants []partTips `cbor:"1,keyasint"`
}

func (*wantParts) kind() byte     { return 7 }
func (m *wantParts) check() error { return checkTips(m.Wants, maxWants) }

type piece struct {
	Document   crdt.DocumentID `cbor:"1,keyasint"`
	Part       space.Part      `cbor:"2,keyasint"`
	Vector     wireVector      `cbor:"3,keyasint"`
	Snapshots  [][]byte        `cbor:"4,keyasint"`
	Changes    [][]byte        `cbor:"5,keyasint"`
	Signatures []wireSignature `cbor:"6,keyasint"`
	More       bool            `cbor:"7,keyasint"`
	Digest     shortDigest     `cbor:"8,keyasint"`
}

// size is at least what the piece takes as a frame.
func (m *piece) size() int {
	const fixed, chunk, signature, number = 128, 8, 160 + maxActor, 16 + maxActor
	size := fixed + len(m.Signatures)*signature + len(m.Vector)*number
	for _, raw := range m.Snapshots {
		size += chunk + len(raw)
	}
	for _, raw := range m.Changes {
		size += chunk + len(raw)
	}
	return size
}

// fits says why a piece may not be sent: whoever is sent it all the same turns
// the sender away.
func (m *piece) fits(limit int) error {
	if size := m.size(); size > limit {
		return fmt.Errorf("it takes %d bytes at once, and at most %d may be sent", size, limit)
	}
	for _, items := range []int{len(m.Vector), len(m.Snapshots), len(m.Changes), len(m.Signatures)} {
		if items > maxItems {
			return fmt.Errorf("it takes %d items at once, and at most %d may be sent", items, maxItems)
		}
	}
	return m.check()
}

func (*piece) kind() byte { return 8 }
func (m *piece) check() error {
	if !m.Part.Valid() {
		return errLength
	}
	if err := m.Vector.check(); err != nil {
		return err
	}
	if err := checkChunks(m.Snapshots, chunk.DefaultLimits.Snapshot); err != nil {
		return err
	}
	if err := checkChunks(m.Changes, chunk.DefaultLimits.Change); err != nil {
		return err
	}
	return checkSignatures(m.Signatures)
}
