package crdt

import (
	"cmp"
	"slices"

	"parley/crdt/chunk"
)

// Of an actor whose later changes do not count, the newest that does may have no
// signature of its own any more: then it is vouched for by one that is set aside.
// Nobody could take it without that, so it travels with what vouches for it.

// owes reports whether a part holds something that somebody lacks and that only
// a change vouches for which is set aside, or one that came back from there and
// lies beside the snapshot.
func (p *part) owes(have Vector) bool {
	for actor, record := range unsigned(p.actors) {
		if record.Seq > have[actor] {
			return true
		}
	}
	for _, info := range p.snapshots {
		if have.Covers(info.vector) || len(info.signatures) >= len(info.vector) {
			continue
		}
		open := info.vector.Clone()
		for _, signature := range info.signatures {
			delete(open, signature.Actor)
		}
		if !have.Covers(open) {
			return true
		}
	}
	return false
}

// offerWitnesses adds what is set aside because it does not count, and vouches
// for something that somebody lacks.
func (s *Store) offerWitnesses(ref Ref, have Vector, bundle *Bundle) error {
	if !s.held(ref.Space).quarantine.keepsJudged(ref) {
		return nil
	}
	var owed map[chunk.Actor]actorRecord
	err := s.withPart(ref, func(p *part, _ Reader) error {
		owed = unsigned(p.actors)
		return nil
	})
	if err != nil {
		return err
	}
	set, err := s.asideChanges(ref, Reason.judged)
	if err != nil {
		return err
	}
	w := newWitnesses(set)
	for actor, record := range owed {
		if record.Seq > have[actor] {
			w.add(w.voucher(actor, record.Seq))
		}
	}
	w.batch.order()
	s.offerAside(ref, &w.batch, bundle)
	return nil
}

// witnesses picks of what is set aside what vouches for something, with all
// that it builds on there, and what vouches for that.
type witnesses struct {
	set    map[chunk.Hash]*candidate
	by     map[chunk.Actor][]*candidate // signed, in the order of their numbers
	speaks map[chunk.Hash]*candidate    // who vouches for one that is not signed itself, among these
	batch  batch
}

func newWitnesses(set []*candidate) *witnesses {
	w := &witnesses{
		set: make(map[chunk.Hash]*candidate, len(set)), by: make(map[chunk.Actor][]*candidate),
		speaks: make(map[chunk.Hash]*candidate), batch: batch{byHash: make(map[chunk.Hash]int)},
	}
	for _, c := range set {
		w.set[c.Hash] = c
		if c.signed != nil {
			w.by[c.Actor] = append(w.by[c.Actor], c)
		}
	}
	for _, signed := range w.by {
		slices.SortFunc(signed, func(a, b *candidate) int {
			return cmp.Or(cmp.Compare(a.Seq, b.Seq), a.Hash.Compare(b.Hash))
		})
		seen := make(map[chunk.Hash]bool)
		for _, c := range signed {
			w.speakFor(c, seen)
		}
	}
	return w
}

// speakFor notes whom a signed change vouches for: those of its actor below it,
// but for what was seen below others.
func (w *witnesses) speakFor(signed *candidate, seen map[chunk.Hash]bool) {
	for next := []*candidate{signed}; len(next) > 0; {
		c := next[len(next)-1]
		next = next[:len(next)-1]
		if c == nil || seen[c.Hash] {
			continue
		}
		seen[c.Hash] = true
		if c.Actor == signed.Actor && c.signed == nil {
			w.speaks[c.Hash] = signed
		}
		for _, dep := range c.Deps {
			next = append(next, w.set[dep])
		}
	}
}

// voucher is an actor's next signed change above a number, nil if there is none.
func (w *witnesses) voucher(actor chunk.Actor, above uint64) *candidate {
	for _, c := range w.by[actor] {
		if c.Seq > above {
			return c
		}
	}
	return nil
}

func (w *witnesses) add(c *candidate) {
	for next := []*candidate{c}; len(next) > 0; {
		c, next = next[len(next)-1], next[:len(next)-1]
		if c == nil {
			continue
		}
		if _, ok := w.batch.byHash[c.Hash]; ok {
			continue
		}
		w.batch.byHash[c.Hash] = len(w.batch.changes)
		w.batch.changes = append(w.batch.changes, c)
		for _, dep := range c.Deps {
			next = append(next, w.set[dep])
		}
		if c.signed == nil {
			next = append(next, w.speaks[c.Hash])
		}
	}
}
