package space

import (
	"bytes"
	"cmp"
	"slices"
)

// claim is what a cut says of an actor in a part, where it is heeded.
type claim struct {
	cut  int32 // the entry that the number is in: with the cut, or a continuation
	seat int32 // through which what lists it counts
	seq  uint64
}

// holder is of whom a cut says something, and for which seat.
type holder struct {
	owner int32 // the device that the actors belong to; nobody where there is none
	seat  int32 // through which what lists the cut counts
}

// awaited is a cut that names an actor of a device that was not let in then.
type awaited struct {
	cut  int32
	seat int32
}

// heed is what of a cut is heeded.
type heed struct {
	all    bool  // actors of every device
	of     int32 // otherwise, of this device; nobody: of every device of the seat
	may    [2]bool
	author int32
	seat   int32
}

// Limits on what the cuts of one seat say, in numbers. A hundred bytes of memory
// come of the few that a number has in an entry.
const (
	MaxNumbers    = 1 << 18 // while the seat is a facilitator's
	MaxNumbersOwn = 1 << 16 // while it is not, and says it of its own devices only
)

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
	if len(cut) == 0 || s.read[h.seat] >= h.mostNumbers() {
		return
	}
	s.read[h.seat] += cut.numbers()
	if s.raised[at][h] {
		return
	}
	if s.raised[at] == nil {
		s.raised[at] = make(map[heed]bool)
	}
	s.raised[at][h] = true
	var since []int32 // what takes away its author's, and has this below it
	for _, r := range s.replacing {
		if r != i && s.concerns(r, h.author) && s.below(at, r) {
			since = append(since, r)
		}
	}
	if s.standing[at] == nil {
		s.standing[at] = make(map[holder]bool)
	}
	taken := make(map[holder]bool)
	for _, part := range cut {
		if !h.may[part.Part] {
			continue
		}
		for _, actor := range part.Actors {
			of := holder{s.ownerOf(actor.Actor), h.seat}
			take, known := taken[of]
			if !known {
				take = s.heeds(h, at, of.owner) &&
					!slices.ContainsFunc(since, func(r int32) bool { return s.replaces(r, at, of) })
				taken[of] = take
			}
			if !take {
				continue
			}
			name := limitName{partName{part.Document, part.Part}, string(actor.Actor)}
			s.claims[name] = append(s.claims[name], claim{cut: at, seat: h.seat, seq: actor.Seq})
			s.limits[name] = max(s.limits[name], actor.Seq)
			s.standing[at][of] = true
			if prefix, ok := ActorOwner(actor.Actor); ok && of.owner == nobody {
				s.awaited[prefix] = append(s.awaited[prefix], awaited{at, h.seat})
			}
		}
	}
}

// owns notes that a device that was let in has actors of its own.
func (s *state) owns(device int32) {
	id := s.subjects[device].id
	prefix := actorPrefix(s.log.id, id)
	s.actors[prefix] = id
	for _, by := range s.awaited[prefix] {
		if s.standing[by.cut] != nil {
			s.standing[by.cut][holder{device, by.seat}] = true
		}
	}
	delete(s.awaited, prefix)
}

func (h heed) mostNumbers() int {
	if h.all {
		return MaxNumbers
	}
	return MaxNumbersOwn
}

// heeds reports whether a cut is heeded for an actor: if somebody who is no
// facilitator wrote it, only for those of a device that the entry takes out,
// and for those that are no device's, whose changes they have vouched for.
func (s *state) heeds(h heed, at, owner int32) bool {
	device := s.knownAt(owner, at)
	if h.all || device == nobody {
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
	for at := range s.raised {
		if s.concerns(r, s.facts[at].author) && s.below(at, r) {
			delete(s.raised, at)
		}
	}
	for at := range s.standing {
		if s.concerns(r, s.facts[at].author) && s.below(at, r) {
			s.forget(r, at)
		}
	}
}

// forget drops the numbers in an entry that another one replaces.
func (s *state) forget(r, at int32) {
	gone := make(map[holder]bool)
	for of := range s.standing[at] {
		if s.replaces(r, at, of) {
			gone[of] = true
			delete(s.standing[at], of)
		}
	}
	if len(s.standing[at]) == 0 {
		delete(s.standing, at)
	}
	if len(gone) == 0 {
		return
	}
	cut, _ := cutOf(s.body(at))
	if continuation, ok := s.body(at).(*cutBody); ok {
		cut = continuation.Cut
	}
	for _, part := range cut {
		for _, actor := range part.Actors {
			owner := s.ownerOf(actor.Actor)
			name := limitName{partName{part.Document, part.Part}, string(actor.Actor)}
			left := slices.DeleteFunc(s.claims[name], func(c claim) bool { return c.cut == at && gone[holder{owner, c.seat}] })
			if len(left) == 0 {
				delete(s.claims, name)
				delete(s.limits, name)
				continue
			}
			s.claims[name], s.limits[name] = left, 0
			for _, c := range left {
				s.limits[name] = max(s.limits[name], c.seq)
			}
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
// what a cut below it says of somebody's actors: what anybody said of the devices
// that it is about, and what those said themselves of actors that are no device's.
func (s *state) replaces(r, cut int32, of holder) bool {
	f := &s.facts[r]
	device := s.knownAt(of.owner, r)
	if _, ok := s.body(r).(*revokeBody); ok {
		by := s.facts[cut].author == f.about
		return device == f.about && (by || !s.wasIn(f.about, f.seat, r)) || device == nobody && by
	}
	return device != nobody && s.wasIn(device, f.about, r) || device == nobody && of.seat == f.about
}

// ownerOf is the device that an actor belongs to, if it was ever let in by what
// was taken so far; otherwise nobody.
func (s *state) ownerOf(actor []byte) int32 {
	if prefix, ok := ActorOwner(actor); ok {
		if id, ok := s.actors[prefix]; ok {
			return s.numbers[id]
		}
	}
	return nobody
}

// knownAt is a device, if it was let in below an entry; otherwise nobody.
func (s *state) knownAt(device, at int32) int32 {
	if device != nobody && s.wasIn(device, nobody, at) {
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
