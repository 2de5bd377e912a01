package crdt

import (
	"maps"
	"slices"

	"parley/crdt/chunk"
)

// advance is a part's next state, and what takes it there. It becomes the
// part's state only once it is durable.
type advance struct {
	state   stateRecord
	actors  map[chunk.Actor]actorRecord // those that moved
	entries []looseEntry
	raws    [][]byte
}

// advance computes what the part is after changes, sorted, were put on top of
// it at positions from first on.
func (p *part) advance(accepted []*candidate, first uint64, origin Origin, forks [16]byte) advance {
	next := advance{state: p.state, actors: make(map[chunk.Actor]actorRecord)}
	next.state.Forks = forks
	next.state.Heads = slices.Clone(p.state.Heads)
	complete := make(map[chunk.Hash]uint64, len(accepted))
	for i, c := range accepted {
		position := first + uint64(i)
		next.state.Heads = slices.DeleteFunc(next.state.Heads, func(h chunk.Hash) bool { return slices.Contains(c.Deps, h) })
		next.state.Heads = append(next.state.Heads, c.Hash)
		if len(next.state.Heads) == 1 {
			complete[c.Hash] = position
		} else {
			complete[c.Hash] = p.completeBelow(c, complete)
		}
		e := newLooseEntry(c.Change, position, complete[c.Hash], origin)
		if c.record != nil {
			e.origin = c.record.Origin
		}
		switch {
		case c.signed != nil && c.reason == 0:
			e.signed = c.signed
			next.actors[c.Actor] = actorRecord{
				Seq: c.Seq, Hash: c.Hash, Position: position,
				Device: c.signed.Device, Sig: c.signed.Sig,
			}
		case c.vouched:
			next.actors[c.Actor] = actorRecord{Seq: c.Seq, Hash: c.Hash, Position: position}
		}
		next.entries = append(next.entries, e)
		next.raws = append(next.raws, c.Raw)
		next.state.Loose++
		next.state.LooseSize += uint64(len(c.Raw))
		next.state.Position = position
	}
	slices.SortFunc(next.state.Heads, chunk.Hash.Compare)
	next.state.Digest = partDigest(p.ref, next.state.Forks, p.actors, next.actors)
	return next
}

// completeBelow is a position up to which everything is among a change's
// ancestors, by what is at hand.
func (p *part) completeBelow(c *candidate, batch map[chunk.Hash]uint64) uint64 {
	var most uint64
	for _, dep := range c.Deps {
		most = max(most, batch[dep], p.completeIn(dep))
		if p.loose != nil {
			if e := p.loose.find(dep); e != nil {
				most = max(most, e.complete)
			}
		}
	}
	return most
}

// write adds the records to a commit: the changes do not count until the
// state does.
func (a *advance) write(ref Ref, made *commit) {
	for i, e := range a.entries {
		record := changeRecord{Complete: e.complete, Origin: e.origin, Raw: a.raws[i]}
		if e.signed != nil {
			record.Device, record.Sig = e.signed.Device[:], e.signed.Sig[:]
		}
		made.staged = append(made.staged, Op{Key: positionedKey(ref, kindChange, e.position), Value: encode(record)})
	}
	made.final = append(made.final, a.stateOps(ref)...)
}

func (a *advance) stateOps(ref Ref) []Op {
	ops := make([]Op, 0, len(a.actors)+1)
	for actor, record := range a.actors {
		ops = append(ops, Op{Key: actorKey(ref, actor), Value: encode(record)})
	}
	return append(ops, Op{Key: stateKey(ref), Value: encode(a.state)})
}

// adopt makes the next state, which is durable, the present one.
func (p *part) adopt(next advance) {
	p.state = next.state
	maps.Copy(p.actors, next.actors)
	if p.loose != nil {
		for _, e := range next.entries {
			p.loose.add(e)
		}
	}
	p.clean = true
}
