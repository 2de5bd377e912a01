package crdt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

// Compact turns a part's changes and snapshots into one snapshot. Appends go
// on meanwhile. The newest changes stay beside the snapshot, so that peers and
// windows that are just behind are served without taking it apart. It does
// nothing if somebody is at it already.
func (s *Store) Compact(ctx context.Context, ref Ref) error {
	if s.materializer == nil {
		return fmt.Errorf("compact %s: %w", ref, errNoMaterializer)
	}
	if !s.compactions.begin(ref) {
		return nil
	}
	err := s.compact(ctx, ref)
	if harmful(err) {
		if removed, mended := s.Mend(ctx, ref); mended != nil {
			err = errors.Join(err, mended)
		} else if removed > 0 {
			err = s.compact(ctx, ref)
		}
	}
	s.compactions.end(ref, err == nil || ctx.Err() != nil)
	if err != nil {
		return fmt.Errorf("compact %s: %w", ref, err)
	}
	return nil
}

func (s *Store) compact(ctx context.Context, ref Ref) error {
	work, err := s.beginCompaction(ref)
	if err != nil || work == nil {
		return err
	}
	raw, err := s.materializer.Compact(ctx, work.chunks)
	if err != nil {
		return err
	}
	if err := s.check(work, raw); err != nil {
		return err
	}
	return s.endCompaction(ref, work, raw)
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

// beginCompaction returns nil if there is nothing to compact.
func (s *Store) beginCompaction(ref Ref) (work *compaction, err error) {
	look := func(p *part, _ Reader) error {
		if p.state.Position == p.view().through() {
			return nil
		}
		work = &compaction{through: p.state.Position, heads: slices.Clone(p.state.Heads), vector: p.vector()}
		for _, actor := range work.vector.Actors() {
			if p.actors[actor].Device != (space.DeviceID{}) {
				work.signatures = append(work.signatures, p.signature(actor))
			}
		}
		return nil
	}
	err = s.readPart(ref, look, func(v view, r Reader) (err error) {
		if work != nil {
			work.chunks, err = readChunks(r, v)
		}
		return err
	})
	return work, err
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
func (s *Store) endCompaction(ref Ref, work *compaction, raw []byte) error {
	p := s.cache.acquire(ref)
	defer s.cache.release(p)
	var covered []snapshotInfo
	var removed []looseEntry
	err := s.backend.View(func(r Reader) error {
		if err := p.load(r); err != nil {
			return err
		}
		if work.through <= p.state.Bottom {
			return errMovedOn // it was rebuilt without some of what is in the snapshot
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
	state.Vetted = max(state.Vetted, work.through)
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
