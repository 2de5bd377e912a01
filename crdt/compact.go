package crdt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/crdt/chunk"
)

// Compact turns a part's changes and snapshots into one snapshot. Appends go
// on meanwhile. The newest changes stay beside the snapshot, so that peers and
// windows that are just behind are served without taking it apart. It does
// nothing if somebody is at it already.
func (s *Store) Compact(ctx context.Context, ref Ref) error {
	if s.materializer == nil {
		return fmt.Errorf("compact %s: %w", ref, errNoMaterializer)
	}
	work, err := s.beginCompaction(ref)
	if err != nil || work == nil {
		return err
	}
	raw, err := s.materializer.Compact(ctx, work.chunks)
	if err == nil {
		err = s.check(work, raw)
	}
	if endErr := s.endCompaction(ref, work, raw, err == nil); err == nil {
		err = endErr
	}
	if err != nil {
		return fmt.Errorf("compact %s: %w", ref, err)
	}
	return nil
}

// compaction is one on its way: what it covers, and what that is to come to.
type compaction struct {
	chunks     [][]byte
	through    uint64
	heads      []chunk.Hash // what the store holds them to be; a superset after peers' snapshots
	vector     Vector
	signatures []Signature
	made       chunk.Snapshot
}

func (s *Store) beginCompaction(ref Ref) (work *compaction, err error) {
	look := func(p *part, _ Reader) error {
		if p.compacting || p.state.Position == p.view().through() {
			return nil
		}
		work = &compaction{through: p.state.Position, heads: slices.Clone(p.state.Heads), vector: p.vector()}
		for _, actor := range work.vector.Actors() {
			work.signatures = append(work.signatures, p.signature(actor))
		}
		p.compacting = true
		return nil
	}
	err = s.readPart(ref, look, func(v view, r Reader) (err error) {
		if work != nil {
			work.chunks, err = readChunks(r, v)
		}
		return err
	})
	if err != nil && work != nil {
		err = errors.Join(err, s.endCompaction(ref, work, nil, false))
	}
	if err != nil {
		return nil, fmt.Errorf("compact %s: %w", ref, err)
	}
	return work, nil
}

// check makes sure that nothing was lost on the way through the materializer.
func (s *Store) check(work *compaction, raw []byte) error {
	made, err := chunk.ParseSnapshot(raw, s.limits)
	if err != nil {
		return err
	}
	if !maps.Equal(Vector(made.Vector), work.vector) {
		return errors.New("the snapshot does not hold what was to go into it")
	}
	for _, head := range made.Heads {
		if !slices.Contains(work.heads, head) {
			return errors.New("the snapshot's heads are not the document's")
		}
	}
	work.made = made
	return nil
}

// endCompaction puts the snapshot in the place of what it covers.
func (s *Store) endCompaction(ref Ref, work *compaction, raw []byte, good bool) error {
	p := s.cache.acquire(ref)
	defer s.cache.release(p)
	p.compacting = false
	if !good {
		return nil
	}
	var covered []snapshotInfo
	var removed []looseEntry
	err := s.backend.View(func(r Reader) error {
		if err := p.load(r); err != nil {
			return err
		}
		index, err := p.index(r, s.limits)
		if err != nil {
			return err
		}
		covered, removed = p.covered(index, work.through, s.keepLoose)
		return nil
	})
	if err != nil {
		return err
	}
	info := snapshotInfo{
		position: work.through, through: work.through, heads: work.made.Heads,
		vector: work.vector, signatures: work.signatures, size: uint64(len(raw)),
	}
	state := p.compacted(work, removed)
	// The snapshot takes the place of what it covers at once. Removing the
	// changes may be cut short: the next compaction removes what is left.
	err = s.committer.commit(0, func(uint64) commit {
		made := commit{final: removal(ref, covered)}
		made.final = append(made.final, info.ops(ref, raw)...)
		made.final = append(made.final, Op{Key: stateKey(ref), Value: encode(state)})
		for _, e := range removed {
			made.after = append(made.after, Op{Key: positionedKey(ref, kindChange, e.position)})
		}
		return made
	})
	if err != nil {
		p.loaded = false
		return err
	}
	p.state = state
	p.snapshots = slices.DeleteFunc(p.snapshots, func(s snapshotInfo) bool { return s.position <= work.through })
	p.snapshots = slices.Insert(p.snapshots, 0, info)
	for _, e := range removed {
		p.remember(map[chunk.Hash]bool{e.hash: true})
	}
	if len(removed) > 0 {
		p.loose.removeThrough(removed[len(removed)-1].position)
	}
	return nil
}

// covered lists what a snapshot of everything up to a position makes
// superfluous: older snapshots, and changes but for the newest.
func (p *part) covered(index *looseIndex, through uint64, keep int) (snapshots []snapshotInfo, changes []looseEntry) {
	for _, info := range p.snapshots {
		if info.position <= through {
			snapshots = append(snapshots, info)
		}
	}
	for _, e := range index.entries[:max(0, len(index.entries)-keep)] {
		if e.position <= through {
			changes = append(changes, e)
		}
	}
	return snapshots, changes
}

// compacted is the part's state once the snapshot is in place.
func (p *part) compacted(work *compaction, removed []looseEntry) stateRecord {
	state := p.state
	state.Loose, state.LooseSize = 0, 0
	for _, e := range p.loose.entries {
		if e.position > work.through {
			state.Loose++
			state.LooseSize += uint64(e.size)
		}
	}
	// Peers' snapshots too are gone from where they were.
	for _, info := range p.snapshots {
		if info.position <= work.through {
			state.Floor = max(state.Floor, info.position)
		}
	}
	if len(removed) > 0 {
		state.Floor = max(state.Floor, removed[len(removed)-1].position)
	}
	// What was listed as a head but is none has been found out by now.
	state.Heads = slices.DeleteFunc(slices.Clone(state.Heads), func(h chunk.Hash) bool {
		return slices.Contains(work.heads, h) && !slices.Contains(work.made.Heads, h)
	})
	return state
}

func removal(ref Ref, snapshots []snapshotInfo) (ops []Op) {
	for _, info := range snapshots {
		ops = append(ops, Op{Key: positionedKey(ref, kindSnapshot, info.position)})
		for piece := range pieces(info.size) {
			ops = append(ops, Op{Key: rawKey(ref, info.position, piece)})
		}
	}
	return ops
}

// noteMoved tells those who keep summaries that a part moved, and asks for a
// compaction when it has grown enough. The part is locked.
func (s *Store) noteMoved(p *part) {
	s.directory(p.ref.Space).set(p.ref, p.state.Digest)
	foreign := 0
	for _, info := range p.snapshots {
		if info.through == 0 {
			foreign++
		}
	}
	if s.materializer == nil || p.compacting {
		return
	}
	if p.state.Loose >= uint64(s.compactCount) || p.state.LooseSize >= uint64(s.compactSize) || foreign > 0 && len(p.snapshots)+int(p.state.Loose) > 1 {
		s.compactions.add(p.ref)
	}
}

// Run does what is not urgent until ctx ends: compaction, giving room back on
// the disk, writing down what members have. The store works without it, but
// grows.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(housekeeping)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.compactions.more:
			for ref, ok := s.compactions.take(); ok && ctx.Err() == nil; ref, ok = s.compactions.take() {
				if err := s.Compact(ctx, ref); err != nil && ctx.Err() == nil {
					s.log.Warn("compaction failed, the document stays as it is", "ref", ref, "error", err)
				}
			}
		case <-tick.C:
			if err := s.flushHave(); err != nil {
				s.log.Warn("what members have was not written down", "error", err)
			}
			if collector, ok := s.backend.(Collector); ok {
				if err := collector.Collect(); err != nil {
					s.log.Warn("room on the disk was not given back", "error", err)
				}
			}
		}
	}
}

// housekeeping is how often Run looks after what nobody waits for.
const housekeeping = 30 * time.Second

// compactQueue holds each part that wants compaction once.
type compactQueue struct {
	mu    sync.Mutex
	refs  []Ref
	there map[Ref]bool
	more  chan struct{} // capacity 1
}

func newCompactQueue() *compactQueue {
	return &compactQueue{there: make(map[Ref]bool), more: make(chan struct{}, 1)}
}

func (q *compactQueue) add(ref Ref) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.there[ref] {
		return
	}
	q.there[ref] = true
	q.refs = append(q.refs, ref)
	select {
	case q.more <- struct{}{}:
	default:
	}
}

func (q *compactQueue) take() (Ref, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.refs) == 0 {
		return Ref{}, false
	}
	ref := q.refs[0]
	q.refs = q.refs[1:]
	delete(q.there, ref)
	return ref, true
}
