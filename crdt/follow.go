package crdt

import (
	"slices"

	"parley/crdt/chunk"
)

type answer uint8

const (
	no answer = iota
	yes
	unknown // to Go: the snapshots would have to be taken apart
)

// follows reports whether a change of the batch has its actor's earlier
// change among its ancestors. Because all have, one signature vouches for all
// before it, and only the newest needs to be kept.
//
// before is the earlier change's place in the batch, or -1 if it is stored.
func (s *Store) follows(p *part, r Reader, b *batch, at, before int) (answer, error) {
	c := b.changes[at]
	if c.Seq == 1 {
		return yes, nil
	}
	if chained, ok := b.chained[c.Hash]; ok {
		if chained {
			return yes, nil
		}
		return no, nil
	}
	border, found := b.walk(at, before)
	if found {
		return yes, nil
	}
	if before >= 0 {
		return no, nil // what is stored has none of the batch below it
	}
	return s.reaches(p, r, border, p.actors[c.Actor])
}

// walk goes from a change of the batch back to another one of it. If it does
// not find it, it returns the dependencies that lead out of the batch.
func (b *batch) walk(from, to int) (border []chunk.Hash, found bool) {
	seen := make(map[int]bool)
	next := []int{from}
	for len(next) > 0 {
		at := next[len(next)-1]
		next = next[:len(next)-1]
		c := b.changes[at]
		for _, dep := range c.deps {
			if dep == to {
				return nil, true
			}
			if to < 0 && b.changes[dep].fate == duplicate {
				border = append(border, b.changes[dep].Hash) // it is stored
				continue
			}
			// Ancestors come earlier in the batch.
			if dep > to && !seen[dep] {
				seen[dep] = true
				next = append(next, dep)
			}
		}
		if to >= 0 || len(c.deps) == len(c.Deps) {
			continue
		}
		for _, dep := range c.Deps {
			if _, ok := b.byHash[dep]; !ok {
				border = append(border, dep)
			}
		}
	}
	return border, false
}

// reaches reports whether a stored change is, or is an ancestor of, one of
// the stored changes in border.
func (s *Store) reaches(p *part, r Reader, border []chunk.Hash, target actorRecord) (answer, error) {
	if slices.Contains(border, target.Hash) {
		return yes, nil
	}
	if len(p.state.Heads) == 1 && slices.Contains(border, p.state.Heads[0]) {
		return yes, nil // everything is below the only head
	}
	index, err := p.index(r, s.limits)
	if err != nil {
		return no, err
	}
	leavesIndex, through := false, p.view().through()
	seen := make(map[chunk.Hash]bool)
	for len(border) > 0 {
		hash := border[len(border)-1]
		border = border[:len(border)-1]
		if hash == target.Hash {
			return yes, nil
		}
		if seen[hash] {
			continue
		}
		seen[hash] = true
		e := index.find(hash)
		switch {
		case e == nil && p.completeIn(hash) >= target.Position:
			return yes, nil
		case e == nil:
			leavesIndex = true
		case e.complete >= target.Position:
			return yes, nil
		case e.position > target.Position:
			border = append(border, e.deps...)
		case e.position <= through:
			// Of what lies in a snapshot only a rough position may be known.
			leavesIndex = true
		}
	}
	if leavesIndex && len(p.snapshots) > 0 {
		return unknown, nil
	}
	return no, nil
}

// completeIn is the position up to which everything lies below a snapshot's
// only head.
func (p *part) completeIn(hash chunk.Hash) uint64 {
	for _, s := range p.snapshots {
		if len(s.heads) == 1 && s.heads[0] == hash {
			return s.through
		}
	}
	return 0
}
