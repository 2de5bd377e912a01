package crdt

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"

	"parley/crdt/chunk"
	"parley/space"
)

// part is what is kept in memory of one Automerge document: how far each actor
// has got, not what anybody wrote.
type part struct {
	ref Ref

	// users counts who holds on to the part; guarded by the cache's mutex.
	users int

	mu        sync.Mutex // held while the part changes, until that is durable
	loaded    bool
	clean     bool // nothing is left over beyond the state's position
	state     stateRecord
	actors    map[chunk.Actor]actorRecord
	snapshots []snapshotInfo // by position
	loose     *looseIndex    // nil until asked for
	inside    map[chunk.Hash]bool
}

type snapshotInfo struct {
	position   uint64
	through    uint64
	heads      []chunk.Hash
	vector     Vector
	signatures []Signature
	size       uint64
}

// maxInside bounds the hashes that a part remembers to lie in its snapshots.
const maxInside = 4096

// load reads the part's state, unless it is in memory.
func (p *part) load(r Reader) error {
	if p.loaded {
		return nil
	}
	var state stateRecord
	value, err := r.Get(stateKey(p.ref))
	if err == nil {
		err = read(stateKey(p.ref), value, &state)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("load %s: %w", p.ref, err)
	}
	actors := make(map[chunk.Actor]actorRecord)
	prefix := kindKey(p.ref, kindActor)
	err = r.Scan(prefix, nil, func(key, value []byte) (bool, error) {
		var record actorRecord
		err := read(key, value, &record)
		actors[chunk.Actor(key[len(prefix):])] = record
		return true, err
	})
	if err != nil {
		return fmt.Errorf("load %s: %w", p.ref, err)
	}
	snapshots, err := loadSnapshots(r, p.ref, state.Position)
	if err != nil {
		return fmt.Errorf("load %s: %w", p.ref, err)
	}
	p.state, p.actors, p.snapshots = state, actors, snapshots
	p.inside = make(map[chunk.Hash]bool)
	p.loose = nil
	p.loaded, p.clean = true, false
	return nil
}

func loadSnapshots(r Reader, ref Ref, last uint64) (snapshots []snapshotInfo, err error) {
	err = r.Scan(kindKey(ref, kindSnapshot), nil, func(key, value []byte) (bool, error) {
		var record snapshotRecord
		if err := read(key, value, &record); err != nil {
			return false, err
		}
		position, _ := positionOf(key)
		if position > last {
			return false, nil
		}
		info := snapshotInfo{
			position: position,
			through:  record.Through,
			heads:    record.Heads,
			vector:   vectorOf(record.Vector),
			size:     record.Size,
		}
		for _, item := range record.Signatures {
			info.signatures = append(info.signatures, item.signature())
		}
		snapshots = append(snapshots, info)
		return true, nil
	})
	return snapshots, err
}

// remember keeps answers of the materializer for later appends.
func (p *part) remember(inside map[chunk.Hash]bool) {
	for hash, yes := range inside {
		if yes && len(p.inside) < maxInside {
			p.inside[hash] = true
		}
	}
}

func (p *part) vector() Vector {
	v := make(Vector, len(p.actors))
	for actor, record := range p.actors {
		v[actor] = record.Seq
	}
	return v
}

// signature is the newest that covers an actor's changes.
func (p *part) signature(actor chunk.Actor) Signature {
	record := p.actors[actor]
	return Signature{Actor: actor, Seq: record.Seq, Hash: record.Hash, Device: record.Device, Sig: record.Sig}
}

// view is what is needed to read a part's chunks while it moves on.
type view struct {
	ref       Ref
	position  uint64
	floor     uint64
	snapshots []snapshotInfo
}

func (p *part) view() view {
	return view{ref: p.ref, position: p.state.Position, floor: p.state.Floor, snapshots: slices.Clone(p.snapshots)}
}

// through is the position up to which a snapshot made here holds everything.
func (v view) through() uint64 {
	var through uint64
	for _, s := range v.snapshots {
		through = max(through, s.through)
	}
	return through
}

// looseIndex lists the changes that are beside the snapshots.
type looseIndex struct {
	entries []looseEntry // by position
	byHash  map[chunk.Hash]int
}

type looseEntry struct {
	position uint64
	complete uint64
	hash     chunk.Hash
	actor    chunk.Actor
	seq      uint64
	deps     []chunk.Hash
	size     int
	origin   Origin
	signed   *Signature // of this very change, if it has one
}

func newLooseIndex() *looseIndex { return &looseIndex{byHash: make(map[chunk.Hash]int)} }

func (x *looseIndex) add(e looseEntry) {
	x.byHash[e.hash] = len(x.entries)
	x.entries = append(x.entries, e)
}

func (x *looseIndex) find(hash chunk.Hash) *looseEntry {
	if at, ok := x.byHash[hash]; ok {
		return &x.entries[at]
	}
	return nil
}

// at finds an actor's change of that number.
func (x *looseIndex) at(actor chunk.Actor, seq uint64) *looseEntry {
	for i := len(x.entries) - 1; i >= 0; i-- {
		if e := &x.entries[i]; e.seq == seq && e.actor == actor {
			return e
		}
	}
	return nil
}

// removeThrough forgets the changes up to a position.
func (x *looseIndex) removeThrough(position uint64) {
	kept := newLooseIndex()
	for _, e := range x.entries {
		if e.position > position {
			kept.add(e)
		}
	}
	*x = *kept
}

// index returns the part's loose changes, reading them the first time.
func (p *part) index(r Reader, limits chunk.Limits) (*looseIndex, error) {
	if p.loose != nil {
		return p.loose, nil
	}
	index := newLooseIndex()
	err := r.Scan(kindKey(p.ref, kindChange), nil, func(key, value []byte) (bool, error) {
		position, _ := positionOf(key)
		if position > p.state.Position {
			return false, nil
		}
		var record changeRecord
		if err := read(key, value, &record); err != nil {
			return false, err
		}
		c, err := chunk.ParseChange(record.Raw, limits)
		if err != nil {
			return false, fmt.Errorf("%w: %x: %w", ErrDamaged, key, err)
		}
		e := newLooseEntry(c, position, record.Complete, record.Origin)
		if len(record.Sig) == len(Signature{}.Sig) && len(record.Device) == len(space.DeviceID{}) {
			e.signed = &Signature{
				Actor: c.Actor, Seq: c.Seq, Hash: c.Hash,
				Device: space.DeviceID(record.Device), Sig: [64]byte(record.Sig),
			}
		}
		index.add(e)
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("list changes of %s: %w", p.ref, err)
	}
	p.loose = index
	return index, nil
}

func newLooseEntry(c chunk.Change, position, complete uint64, origin Origin) looseEntry {
	return looseEntry{
		position: position, complete: complete, origin: origin,
		hash: c.Hash, actor: c.Actor, seq: c.Seq,
		deps: slices.Clone(c.Deps), size: len(c.Raw),
	}
}

// vectorDigest is a part's digest in the protocol's catch-up.
func vectorDigest(ref Ref, v Vector) [16]byte {
	sum := sha256.New()
	sum.Write(ref.Document[:])
	sum.Write([]byte{byte(ref.Part)})
	sum.Write(encode(v.items()))
	return [16]byte(sum.Sum(nil))
}

// leftovers lists what an append that was cut short left beyond the part's
// position, so that the next one can remove it.
func (p *part) leftovers(r Reader) (ops []Op, err error) {
	for _, kind := range []byte{kindChange, kindSnapshot, kindRaw} {
		from := positionedKey(p.ref, kind, p.state.Position+1)
		err = r.Scan(kindKey(p.ref, kind), from, func(key, _ []byte) (bool, error) {
			ops = append(ops, Op{Key: bytes.Clone(key)})
			return true, nil
		})
		if err != nil {
			return nil, fmt.Errorf("look for leftovers of %s: %w", p.ref, err)
		}
	}
	return ops, nil
}
