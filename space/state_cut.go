package space

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
)

// claim is what a cut says of an actor in a part, where it is heeded.
type claim struct {
	cut    int32 // the entry that the number is in: with the cut, or a continuation
	seat   int32 // through which what lists it counts
	author int32
	seq    uint64
}

// heed is what of a cut is heeded.
type heed struct {
	all    bool  // actors of every device
	of     int32 // otherwise, of this device; nobody: of every device of the seat
	may    [2]bool
	author int32
	seat   int32
}

// raising is a cut that was taken, and as what.
type raising struct {
	cut int32
	heed
}

// raise takes the cut of an entry that counts. What it replaces is gone by then.
func (s *state) raise(i int32) {
	h := s.heeded(i)
	if h.may == [...]bool{false, false} {
		return
	}
	cut, continued := cutOf(s.body(i))
	s.raiseTo(i, i, cut, h)
	for _, hash := range continued {
		at, ok := s.log.index[hash]
		if !ok || !s.below(int32(at), i) || s.facts[at].author != s.facts[i].author {
			continue
		}
		if body, ok := s.body(int32(at)).(*cutBody); ok {
			s.raiseTo(i, int32(at), body.Cut, h)
		}
	}
}

// raiseTo takes what the entry named at says, once for all entries by which it
// is heeded alike.
func (s *state) raiseTo(i, at int32, cut Cut, h heed) {
	if len(cut) == 0 || s.raised[raising{at, h}] {
		return
	}
	s.raised[raising{at, h}] = true
	if !slices.Contains(s.cutters, h.author) {
		s.cutters = append(s.cutters, h.author)
	}
	var since []int32 // what takes away its author's, and has this below it
	for _, r := range s.replacing {
		if r != i && s.concerns(r, h.author) && s.below(at, r) {
			since = append(since, r)
		}
	}
	for _, part := range cut {
		if !h.may[part.Part] {
			continue
		}
		for _, actor := range part.Actors {
			c := claim{cut: at, seat: h.seat, author: h.author, seq: actor.Seq}
			name := limitName{partName{part.Document, part.Part}, string(actor.Actor)}
			if !s.heeds(h, at, name.actor) ||
				slices.ContainsFunc(since, func(r int32) bool { return s.replaces(r, c, name.actor) }) {
				continue
			}
			s.claims[name] = append(s.claims[name], c)
			s.limits[name] = max(s.limits[name], c.seq)
		}
	}
}

// heeds reports whether a cut is heeded for an actor: if somebody who is no
// facilitator wrote it, only for those of a device that the entry takes out,
// and for those that are no device's, whose changes they have vouched for.
func (s *state) heeds(h heed, at int32, actor string) bool {
	if h.all {
		return true
	}
	device := s.deviceOf(actor, at)
	if device == nobody {
		return true
	}
	return (h.of == nobody || h.of == device) && slices.ContainsFunc(s.subjects[device].grants, func(grant int32) bool {
		return s.holds(grant, h.seat, at, sure)
	})
}

// replace forgets what cuts say that an entry replaces, which takes away a
// seat's or a device's right to write.
func (s *state) replace(r int32) {
	f := &s.facts[r]
	if role, ok := s.body(r).(*roleBody); ok && role.Role == Facilitator {
		return
	}
	if _, revokes := s.body(r).(*revokeBody); revokes && f.author == f.about || !revokes && f.seat == f.about {
		return
	}
	s.replacing = append(s.replacing, r)
	maps.DeleteFunc(s.raised, func(taken raising, _ bool) bool {
		return s.concerns(r, taken.author) && s.below(taken.cut, r)
	})
	if !slices.ContainsFunc(s.cutters, func(author int32) bool { return s.concerns(r, author) }) {
		return
	}
	for name, claims := range s.claims {
		left := slices.DeleteFunc(claims, func(c claim) bool { return s.below(c.cut, r) && s.replaces(r, c, name.actor) })
		if len(left) == len(claims) {
			continue
		}
		s.claims[name], s.limits[name] = left, 0
		for _, c := range left {
			s.limits[name] = max(s.limits[name], c.seq)
		}
		if len(left) == 0 {
			delete(s.claims, name)
			delete(s.limits, name)
		}
	}
}

// concerns reports whether an entry that takes away a right to write may
// replace anything that a device said: of who revokes a device of their own,
// only what that device said.
func (s *state) concerns(r, author int32) bool {
	f := &s.facts[r]
	_, revokes := s.body(r).(*revokeBody)
	return !revokes || author == f.about || !s.wasIn(f.about, f.seat, r)
}

// replaces reports whether an entry that takes away a right to write replaces
// what a cut below it says of an actor: what anybody said of the devices that
// it is about, and what those said themselves of actors that are no device's.
func (s *state) replaces(r int32, c claim, actor string) bool {
	f := &s.facts[r]
	device := s.deviceOf(actor, r)
	if _, ok := s.body(r).(*revokeBody); ok {
		by := c.author == f.about
		return device == f.about && (by || !s.wasIn(f.about, f.seat, r)) || device == nobody && by
	}
	return device != nobody && s.wasIn(device, f.about, r) || device == nobody && c.seat == f.about
}

// deviceOf is the device that an actor belongs to, if it was let in below an
// entry; otherwise nobody.
func (s *state) deviceOf(actor string, at int32) int32 {
	prefix, ok := ActorOwner([]byte(actor))
	if !ok {
		return nobody
	}
	id, ok := s.actors[prefix]
	if device := s.numbers[id]; ok && s.wasIn(device, nobody, at) {
		return device
	}
	return nobody
}

// wasIn reports whether a device was let into a seat below an entry; nobody
// stands for any.
func (s *state) wasIn(device, seat, at int32) bool {
	return slices.ContainsFunc(s.subjects[device].grants, func(grant int32) bool {
		f := &s.facts[grant]
		return f.verdict == counts && s.below(grant, at) && !s.asks(grant, f.via) &&
			(seat == nobody || s.leads(grant, f.via) == seat)
	})
}

func cutOf(body any) (Cut, []Hash) {
	switch body := body.(type) {
	case *roleBody:
		return body.Cut, body.Continued
	case *removeBody:
		return body.Cut, body.Continued
	case *revokeBody:
		return body.Cut, body.Continued
	case *archiveBody:
		return body.Cut, body.Continued
	case *admitBody:
		return body.Cut, nil
	}
	return nil, nil
}

// heeded says what is heeded of the cut of an entry. A facilitator's is. Others
// cut when they leave or lose a device, and can let in no more by that than
// they might have written: nothing that their role does not allow, nothing
// where they were demoted at the same time, and nothing while the space was
// archived.
func (s *state) heeded(i int32) heed {
	f := &s.facts[i]
	h := heed{of: nobody, author: f.author, seat: f.seat}
	if s.ranks(f.seat, i, Facilitator, sure) {
		h.all, h.may = true, [...]bool{true, true}
		return h
	}
	if s.struck(i, f.seat, Facilitator, sure) || s.archivedBelow(i) {
		return h
	}
	if _, ok := s.body(i).(*revokeBody); ok {
		h.of = f.about
	}
	h.may = [...]bool{Body: s.ranks(f.seat, i, Editor, sure), Annotations: s.ranks(f.seat, i, Annotator, sure)}
	return h
}

// archivedBelow reports whether the space was archived where an entry was
// written, or was archived at the same time.
func (s *state) archivedBelow(i int32) bool {
	on := func(at int32) bool {
		return s.facts[at].verdict == counts && s.body(at).(*archiveBody).On
	}
	if slices.ContainsFunc(s.archives, func(at int32) bool { return on(at) && s.beside(at, i) }) {
		return true
	}
	last := int32(nobody)
	for _, at := range s.archives {
		if s.facts[at].verdict == counts && s.below(at, i) && (last == nobody || s.log.place[at] > s.log.place[last]) {
			last = at
		}
	}
	return last != nobody && on(last)
}

func compareLimits(a, b limitName) int {
	return cmp.Or(bytes.Compare(a.document[:], b.document[:]), cmp.Compare(a.part, b.part), cmp.Compare(a.actor, b.actor))
}
