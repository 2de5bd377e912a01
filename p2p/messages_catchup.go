package p2p

import (
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
