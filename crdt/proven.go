package crdt

import (
	"fmt"
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// Proven is what a device surely holds of a part, because changes that it wrote
// build on that: nobody has to have heard it say so. It is a lower bound, since
// what lies deep in a snapshot is not taken apart for this; empty for a device
// that has written nothing there.
func (s *Store) Proven(ref Ref, device space.DeviceID) (vector Vector, err error) {
	vector = make(Vector)
	own := space.ActorFor(ref.Space, device, 0)
	prefix, _ := space.ActorOwner(own[:])
	err = s.withPart(ref, func(p *part, r Reader) error {
		var border []chunk.Hash
		for actor, record := range p.actors {
			if owner, ok := space.ActorOwner([]byte(actor)); ok && owner == prefix {
				vector[actor] = record.Seq
				border = append(border, record.Hash)
			}
		}
		if len(border) == 0 {
			return nil
		}
		index, err := p.index(r, s.limits)
		if err == nil {
			p.underlies(index, border, vector)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("what is proven of %s: %w", ref, err)
	}
	return vector, nil
}

// underlies raises a vector to what lies below some changes.
func (p *part) underlies(index *looseIndex, border []chunk.Hash, vector Vector) {
	var reach uint64 // everything up to this position does
	seen := make(map[chunk.Hash]bool)
	for len(border) > 0 {
		hash := border[len(border)-1]
		border = border[:len(border)-1]
		e := index.find(hash)
		if e == nil {
			reach = max(reach, p.completeIn(hash))
			continue
		}
		if seen[hash] || e.position <= reach {
			continue
		}
		seen[hash] = true
		vector.Merge(Vector{e.actor: e.seq})
		reach = max(reach, e.complete)
		border = append(border, e.deps...)
	}
	for _, e := range index.entries {
		if e.position > reach {
			break
		}
		vector.Merge(Vector{e.actor: e.seq})
	}
	for _, s := range p.snapshots {
		if s.through <= reach {
			vector.Merge(s.vector)
		}
	}
}

// LackedSince is when the first change was written, of those that came here last
// and that somebody with a vector lacks, by its author's clock. It is zero where
// nothing is lacked, and where that change says no time or lies in a snapshot.
func (s *Store) LackedSince(ref Ref, have Vector) (since time.Time, err error) {
	err = s.withPart(ref, func(p *part, r Reader) error {
		missing := p.vector().Missing(have)
		if missing == 0 {
			return nil
		}
		index, err := p.index(r, s.limits)
		if err != nil {
			return err
		}
		first := -1
		for i := len(index.entries) - 1; i >= 0 && missing > 0; i-- {
			if e := index.entries[i]; e.seq > have[e.actor] {
				first, missing = i, missing-1
			}
		}
		if first < 0 || missing > 0 {
			return nil
		}
		raw, err := readChange(r, ref, index.entries[first].position)
		if err != nil {
			return err
		}
		change, err := chunk.ParseChange(raw, s.limits)
		switch {
		case err != nil:
		case change.Time > 1<<36: // some programs write milliseconds
			since = time.UnixMilli(change.Time)
		case change.Time > 0:
			since = time.Unix(change.Time, 0)
		}
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("since when %s is lacked: %w", ref, err)
	}
	return since, nil
}
