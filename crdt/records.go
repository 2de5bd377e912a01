package crdt

import (
	"fmt"
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// formatVersion is the version of keys and records. A store with a higher one
// is not touched, one with a lower one is migrated.
const formatVersion = 3

// stateRecord is what is known of a part at a glance. Writing it is what
// commits an append: chunks at positions above its own are left over from an
// append that was cut short, and do not count.
type stateRecord struct {
	_         struct{} `cbor:",toarray"`
	Position  uint64   // of the newest chunk
	Floor     uint64   // the highest position whose chunk was compacted away
	Heads     []chunk.Hash
	Digest    [16]byte
	Loose     uint64   // changes beside the snapshots
	LooseSize uint64   // their bytes
	Vetted    uint64   // everything up to here can be read, as the materializer has found
	Bottom    uint64   // chunks at or below do not count: they are left over from before a rebuild
	Stuck     uint64   // the position at which nothing helped to read it, which is not tried again while it is there
	Forks     [16]byte // sums up what is set aside for a fork; zeros if nothing is
}

// actorRecord is an actor's newest change and what vouches for it: its own
// signature or, where Device and Sig are zero, that of a later change of the
// actor that is set aside for a fork.
type actorRecord struct {
	_        struct{} `cbor:",toarray"`
	Seq      uint64
	Hash     chunk.Hash
	Position uint64
	Device   space.DeviceID
	Sig      [64]byte
}

// changeRecord is a loose change. Complete is a position such that everything
// the part holds up to it is the change itself or among its ancestors. Device and Sig are
// empty unless this very change was signed.
type changeRecord struct {
	_        struct{} `cbor:",toarray"`
	Complete uint64
	Origin   Origin
	Device   []byte
	Sig      []byte
	Raw      []byte
}

// snapshotRecord describes a snapshot. Through is the position up to which it
// holds everything the part held, when it was compacted here, and otherwise 0.
type snapshotRecord struct {
	_          struct{} `cbor:",toarray"`
	Through    uint64
	Heads      []chunk.Hash
	Vector     []vectorItem
	Signatures []signatureItem
	Size       uint64
}

type vectorItem struct {
	_     struct{} `cbor:",toarray"`
	Actor []byte
	Seq   uint64
}

type signatureItem struct {
	_      struct{} `cbor:",toarray"`
	Actor  []byte
	Seq    uint64
	Hash   chunk.Hash
	Device space.DeviceID
	Sig    [64]byte
}

type haveRecord struct {
	_      struct{} `cbor:",toarray"`
	Time   int64
	Vector []vectorItem
}

type quarantineRecord struct {
	_      struct{} `cbor:",toarray"`
	Reason Reason
	Detail string
	Actor  []byte
	Seq    uint64
	Origin Origin
	From   space.DeviceID
	Time   int64
	Size   uint64
	Raw    []byte // empty if beyond what quarantine keeps
	Device []byte // who signed, if anybody
	Sig    []byte
	Signed uint64 // the sequence number and
	Hash   []byte // hash that the signature is of
}

// read decodes a record of the store's own. What does not decode was damaged
// on the disk.
func read(key, value []byte, into any) error {
	if err := decoding.Unmarshal(value, into); err != nil {
		return fmt.Errorf("%w: %x: %w", ErrDamaged, key, err)
	}
	return nil
}

func (v Vector) items() []vectorItem {
	items := make([]vectorItem, 0, len(v))
	for _, actor := range v.Actors() {
		items = append(items, vectorItem{Actor: []byte(actor), Seq: v[actor]})
	}
	return items
}

func vectorOf(items []vectorItem) Vector {
	v := make(Vector, len(items))
	for _, item := range items {
		v[chunk.Actor(item.Actor)] = item.Seq
	}
	return v
}

func (s Signature) item() signatureItem {
	return signatureItem{Actor: []byte(s.Actor), Seq: s.Seq, Hash: s.Hash, Device: s.Device, Sig: s.Sig}
}

func (i signatureItem) signature() Signature {
	return Signature{Actor: chunk.Actor(i.Actor), Seq: i.Seq, Hash: i.Hash, Device: i.Device, Sig: i.Sig}
}

func seconds(t int64) time.Time { return time.Unix(t, 0).UTC() }
