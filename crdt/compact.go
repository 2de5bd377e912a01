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
	return s.compactKeeping(ctx, ref, s.keepLoose)
}

// CompactWhole is Compact for a part that has been left alone for a while: no
// change stays beside the snapshot.
func (s *Store) CompactWhole(ctx context.Context, ref Ref) error {
	return s.compactKeeping(ctx, ref, 0)
}

func (s *Store) compactKeeping(ctx context.Context, ref Ref, keep int) error {
	if s.materializer == nil {
		return fmt.Errorf("compact %s: %w", ref, errNoMaterializer)
	}
	if !s.compactions.begin(ref) {
		return nil
	}
	err := s.compact(ctx, ref, keep)
	if harmful(err) {
		if removed, mended := s.Mend(ctx, ref); mended != nil {
			err = errors.Join(err, mended)
		} else if removed > 0 {
			err = s.compact(ctx, ref, keep)
		}
	}
	s.compactions.end(ref, err == nil || ctx.Err() != nil)
	if err != nil {
		return fmt.Errorf("compact %s: %w", ref, err)
	}
	return nil
}

func (s *Store) compact(ctx context.Context, ref Ref, keep int) error {
	work, err := s.beginCompaction(ref, keep)
	if err != nil {
		return err
	}
	if work.covers {
		return s.removeCovered(ref, work)
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
	keep       int  // how many changes are to stay beside the snapshot
	covers     bool // there is a snapshot of all there is already
	chunks     [][]byte
	through    uint64
	loose      uint64 // changes in no snapshot made here,
	looseSize  uint64 // and their bytes
	entries    []coveredEntry
	heads      []chunk.Hash // what the store holds them to be; a superset after peers' snapshots
	vector     Vector
	signatures []Signature
	made       chunk.Snapshot
}

// coveredEntry is a loose change that the snapshot makes superfluous.
type coveredEntry struct {
	position uint64
	hash     chunk.Hash
}

// beginCompaction reads all of a part, while appends go on.
func (s *Store) beginCompaction(ref Ref, keep int) (*compaction, error) {
	work := &compaction{keep: keep}
	look := func(p *part, _ Reader) error {
		work.through, work.covers = p.state.Position, p.state.Position == p.view().through()
		work.loose, work.looseSize = p.state.Loose, p.state.LooseSize
		work.heads, work.vector = slices.Clone(p.state.Heads), p.vector()
		if !work.covers && p.state.Stuck == p.state.Position {
			return errStuck
		}
		for _, actor := range work.vector.Actors() {
			if p.actors[actor].Device != (space.DeviceID{}) {
				work.signatures = append(work.signatures, p.signature(actor))
			}
		}
		return nil
	}
	err := s.readPart(ref, look, func(v view, r Reader) error {
		for _, info := range v.snapshots {
			if work.covers {
				break
			}
			raw, err := readSnapshot(r, ref, info)
			if err != nil {
				return err
			}
			work.chunks = append(work.chunks, raw)
		}
		through := v.through()
		return listChanges(r, v, s.limits, nil, func(e looseEntry, raw []byte) {
			work.entries = append(work.entries, coveredEntry{e.position, e.hash})
			if e.position > through {
				work.chunks = append(work.chunks, slices.Clone(raw))
			}
		})
	})
	return work, err
}

// superfluous are the changes that are to be removed now that so many came
// meanwhile.
func (c *compaction) superfluous(came uint64) []coveredEntry {
	keep := max(0, c.keep-int(min(came, uint64(c.keep))))
	return c.entries[:max(0, len(c.entries)-keep)]
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

// endCompaction puts the snapshot in the place of what it covers. It reads
// nothing but the part's state, so that an append waits for one write at most.
func (s *Store) endCompaction(ref Ref, work *compaction, raw []byte) error {
	return s.finishCompaction(ref, work, func(p *part) (final []Op, state stateRecord, apply func()) {
		info := snapshotInfo{
			position: work.through, through: work.through, heads: work.made.Heads,
			vector: work.vector, signatures: work.signatures, size: uint64(len(raw)),
		}
		var covered, kept []snapshotInfo
		for _, old := range p.snapshots {
			if old.position <= work.through {
				covered = append(covered, old)
			} else {
				kept = append(kept, old)
			}
		}
		state = p.state
		state.Loose -= min(state.Loose, work.loose)
		state.LooseSize -= min(state.LooseSize, work.looseSize)
		state.Vetted = max(state.Vetted, work.through)
		// Peers' snapshots too are gone from where they were.
		for _, old := range covered {
			state.Floor = max(state.Floor, old.position)
		}
		// What was listed as a head but is none has been found out by now.
		state.Heads = slices.DeleteFunc(slices.Clone(state.Heads), func(h chunk.Hash) bool {
			return slices.Contains(work.heads, h) && !slices.Contains(work.made.Heads, h)
		})
		final = append(removal(ref, covered), info.ops(ref, raw)...)
		return final, state, func() { p.snapshots = slices.Insert(kept, 0, info) }
	})
}

// removeCovered removes changes that lie in the snapshot already.
func (s *Store) removeCovered(ref Ref, work *compaction) error {
	if work.through == 0 {
		return nil
	}
	return s.finishCompaction(ref, work, func(p *part) ([]Op, stateRecord, func()) {
		return nil, p.state, func() {}
	})
}

// finishCompaction writes what finish says, and removes the changes that are
// superfluous then.
func (s *Store) finishCompaction(ref Ref, work *compaction, finish func(*part) (final []Op, state stateRecord, apply func())) error {
	p := s.cache.acquire(ref)
	defer s.cache.release(p)
	var leftovers []Op
	err := s.backend.View(func(r Reader) (err error) {
		if err = p.load(r); err == nil && !p.clean {
			leftovers, err = p.leftovers(r)
		}
		return err
	})
	if err != nil {
		return err
	}
	if work.through <= p.state.Bottom {
		return errMovedOn // it was rebuilt without some of what is in the snapshot
	}
	final, state, apply := finish(p)
	came := p.state.Loose
	if !work.covers {
		came -= min(came, work.loose)
	}
	removed := work.superfluous(came)
	if work.covers && len(removed) == 0 && len(leftovers) == 0 {
		return nil
	}
	if len(removed) > 0 {
		state.Floor = max(state.Floor, removed[len(removed)-1].position)
	}
	// The snapshot takes the place of what it covers at once. Removing the
	// changes may be cut short: the next compaction removes what is left.
	err = s.committer.commit(0, func(uint64) commit {
		made := commit{after: leftovers, final: append(final, Op{Key: stateKey(ref), Value: encode(state)})}
		for _, e := range removed {
			made.after = append(made.after, Op{Key: positionedKey(ref, kindChange, e.position)})
		}
		return made
	})
	if err != nil {
		p.loaded = false
		return err
	}
	p.state, p.clean = state, true
	apply()
	for _, e := range removed[max(0, len(removed)-maxInside):] {
		p.remember(map[chunk.Hash]bool{e.hash: true})
	}
	if len(removed) > 0 && p.loose != nil {
		p.loose.removeThrough(removed[len(removed)-1].position)
	}
	return nil
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
