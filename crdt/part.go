package crdt

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"parley/crdt/chunk"
	"parley/space"
)

// part is what is kept in memory of one Automerge document: how far each actor
// has got, not what anybody wrote.
type part struct {
	ref    Ref
	ailing *ailing

	// users counts who holds on to the part; guarded by the cache's mutex.
	users int

	mu        sync.Mutex // held while the part changes, until that is durable
	loaded    bool
	clean     bool // nothing is left over beyond the state's position
	swept     bool // the same, of what is on the disk, as the cache remembers it; until it is loaded
	state     stateRecord
	actors    map[chunk.Actor]actorRecord
	snapshots []snapshotInfo      // by position
	loose     *looseIndex         // nil until asked for
	inside    map[chunk.Hash]bool // what is known to lie in the snapshots
	learned   []chunk.Hash        // the same, in the order in which it was learned, from oldest on
	oldest    int
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
	if p.ailing.has(p.ref) {
		return fmt.Errorf("load %s: %w, and the rest is not healed yet", p.ref, ErrDamaged)
	}
	if p.loaded {
		return nil
	}
	state, err := readState(r, p.ref)
	if err != nil {
		return fmt.Errorf("load %s: %w", p.ref, err)
	}
	actors, err := loadActors(r, p.ref)
	if err != nil {
		return fmt.Errorf("load %s: %w", p.ref, err)
	}
	snapshots, err := listSnapshots(r, view{ref: p.ref, position: state.Position, bottom: state.Bottom}, nil)
	if err != nil {
		return fmt.Errorf("load %s: %w", p.ref, err)
	}
	p.state, p.actors, p.snapshots = state, actors, snapshots
	p.inside, p.learned, p.oldest = make(map[chunk.Hash]bool), nil, 0
	p.loose = nil
	p.loaded, p.clean, p.swept = true, p.swept, false
	return nil
}

// readState reads a part's state, which is zero where there is none.
func readState(r Reader, ref Ref) (state stateRecord, err error) {
	value, err := r.Get(stateKey(ref))
	if errors.Is(err, ErrNotFound) {
		return state, nil
	}
	if err == nil {
		err = read(stateKey(ref), value, &state)
	}
	return state, err
}

// loadActors reads how far each actor of a part has got.
func loadActors(r Reader, ref Ref) (map[chunk.Actor]actorRecord, error) {
	actors := make(map[chunk.Actor]actorRecord)
	prefix := kindKey(ref, kindActor)
	err := r.Scan(prefix, nil, func(key, value []byte) (bool, error) {
		var record actorRecord
		err := read(key, value, &record)
		actors[chunk.Actor(key[len(prefix):])] = record
		return true, err
	})
	return actors, err
}

// listSnapshots lists the snapshots of a view. A record that cannot be read is
// told to miss, which says whether to go on; without miss, nothing does.
func listSnapshots(r Reader, v view, miss func(uint64, error) error) (snapshots []snapshotInfo, err error) {
	from := positionedKey(v.ref, kindSnapshot, v.bottom+1)
	err = r.Scan(kindKey(v.ref, kindSnapshot), from, func(key, value []byte) (bool, error) {
		position, _ := positionOf(key)
		if position > v.position {
			return false, nil
		}
		var record snapshotRecord
		if err := read(key, value, &record); err != nil {
			if miss == nil {
				return false, err
			}
			return true, miss(position, err)
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

// remember keeps answers of the materializer for later appends, and forgets the
// oldest for them.
func (p *part) remember(inside map[chunk.Hash]bool) {
	for hash, yes := range inside {
		if !yes || p.inside[hash] {
			continue
		}
		if len(p.learned) < maxInside {
			p.learned = append(p.learned, hash)
		} else {
			delete(p.inside, p.learned[p.oldest])
			p.learned[p.oldest] = hash
			p.oldest = (p.oldest + 1) % maxInside
		}
		p.inside[hash] = true
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
	bottom    uint64
	snapshots []snapshotInfo
}

func (p *part) view() view {
	return view{
		ref: p.ref, position: p.state.Position, floor: p.state.Floor, bottom: p.state.Bottom,
		snapshots: slices.Clone(p.snapshots),
	}
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
	err := listChanges(r, p.view(), limits, nil, func(e looseEntry, _ []byte) { index.add(e) })
	if err != nil {
		return nil, fmt.Errorf("list changes of %s: %w", p.ref, err)
	}
	p.loose = index
	return index, nil
}

// listChanges calls visit for the loose changes of a view, with their bytes,
// which are valid during the call only. A record that cannot be read is told to
// miss, which says whether to go on; without miss, nothing does.
func listChanges(r Reader, v view, limits chunk.Limits, miss func(uint64, error) error, visit func(e looseEntry, raw []byte)) error {
	from := positionedKey(v.ref, kindChange, v.bottom+1)
	return r.Scan(kindKey(v.ref, kindChange), from, func(key, value []byte) (bool, error) {
		position, _ := positionOf(key)
		if position > v.position {
			return false, nil
		}
		var record changeRecord
		err := read(key, value, &record)
		var c chunk.Change
		if err == nil {
			if c, err = chunk.ParseChange(record.Raw, limits); err != nil {
				err = fmt.Errorf("%w: %x: %w", ErrDamaged, key, err)
			}
		}
		if err != nil {
			if miss == nil {
				return false, err
			}
			return true, miss(position, err)
		}
		e := newLooseEntry(c, position, record.Complete, record.Origin)
		if len(record.Sig) == len(Signature{}.Sig) && len(record.Device) == len(space.DeviceID{}) {
			e.signed = &Signature{
				Actor: c.Actor, Seq: c.Seq, Hash: c.Hash,
				Device: space.DeviceID(record.Device), Sig: [64]byte(record.Sig),
			}
		}
		visit(e, record.Raw)
		return true, nil
	})
}

func newLooseEntry(c chunk.Change, position, complete uint64, origin Origin) looseEntry {
	return looseEntry{
		position: position, complete: complete, origin: origin,
		hash: c.Hash, actor: c.Actor, seq: c.Seq,
		deps: slices.Clone(c.Deps), size: len(c.Raw),
	}
}

// digestItem is what the digest of a part covers of an actor.
type digestItem struct {
	_     struct{} `cbor:",toarray"`
	Actor []byte
	Seq   uint64
	Hash  chunk.Hash
}

// partDigest is a part's digest in the protocol's catch-up: of each actor's
// newest change, the later of several maps counting, and of what is set aside
// for a fork. Since a change's hash covers its ancestors, two devices with one
// digest hold the same.
func partDigest(ref Ref, forks [16]byte, actors ...map[chunk.Actor]actorRecord) [16]byte {
	newest := make(map[chunk.Actor]actorRecord)
	for _, some := range actors {
		maps.Copy(newest, some)
	}
	items := make([]digestItem, 0, len(newest))
	for actor, record := range newest {
		items = append(items, digestItem{Actor: []byte(actor), Seq: record.Seq, Hash: record.Hash})
	}
	slices.SortFunc(items, func(a, b digestItem) int { return bytes.Compare(a.Actor, b.Actor) })
	sum := sha256.New()
	sum.Write(ref.Document[:])
	sum.Write([]byte{byte(ref.Part)})
	sum.Write(encode(items))
	if forks != ([16]byte{}) {
		sum.Write(forks[:])
	}
	return [16]byte(sum.Sum(nil))
}

// chunkKinds are the kinds of records whose keys begin with a position.
var chunkKinds = [...]byte{kindChange, kindSnapshot, kindRaw}

// leftovers lists what an append that was cut short left beyond the part's
// position, and a rebuild at or below its bottom, so that the next append can
// remove it.
func (p *part) leftovers(r Reader) (ops []Op, err error) {
	for _, kind := range chunkKinds {
		prefix := kindKey(p.ref, kind)
		if p.state.Bottom > 0 {
			ops, err = deleteAll(r, prefix, nil, positionedKey(p.ref, kind, p.state.Bottom+1), ops)
		}
		if err == nil {
			ops, err = deleteAll(r, prefix, positionedKey(p.ref, kind, p.state.Position+1), nil, ops)
		}
		if err != nil {
			return nil, fmt.Errorf("look for leftovers of %s: %w", p.ref, err)
		}
	}
	return ops, nil
}

// deleteAll adds to ops the deletion of all records with a prefix, from one key
// on (nil: the first) and below another (nil: to the last).
func deleteAll(r Reader, prefix, from, below []byte, ops []Op) ([]Op, error) {
	err := r.Scan(prefix, from, func(key, _ []byte) (bool, error) {
		if below != nil && bytes.Compare(key, below) >= 0 {
			return false, nil
		}
		ops = append(ops, Op{Key: bytes.Clone(key)})
		return true, nil
	})
	return ops, err
}
