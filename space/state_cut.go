package space

import (
	"bytes"
	"cmp"
	"slices"
)

// raising is the reading of a continuation. Many entries may list the same, and
// to read it again raises nothing.
type raising struct {
	cut int32
	may [2]bool
}

// raise takes the cut of an entry that counts.
func (s *state) raise(i int32) {
	cut, continued := cutOf(s.body(i))
	if len(cut) == 0 && len(continued) == 0 {
		return
	}
	may := s.mayCut(i)
	if may == [...]bool{false, false} {
		return
	}
	s.raiseTo(cut, may)
	for _, hash := range continued {
		at, ok := s.log.index[hash]
		if !ok || !s.below(int32(at), i) || s.facts[at].author != s.facts[i].author {
			continue
		}
		if body, ok := s.body(int32(at)).(*cutBody); ok && !s.raised[raising{int32(at), may}] {
			s.raised[raising{int32(at), may}] = true
			s.raiseTo(body.Cut, may)
		}
	}
}

func (s *state) raiseTo(cut Cut, may [2]bool) {
	for _, part := range cut {
		if !may[part.Part] {
			continue
		}
		for _, actor := range part.Actors {
			name := limitName{partName{part.Document, part.Part}, string(actor.Actor)}
			s.limits[name] = max(s.limits[name], actor.Seq)
		}
	}
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

// mayCut says for each part whether the cut of an entry is heeded. A
// facilitator's is. Others cut when they leave or lose a device, and can let
// in no more by that than they might have written: nothing that their role
// does not allow, nothing where they were demoted at the same time, and nothing
// while the space was archived.
func (s *state) mayCut(i int32) (may [2]bool) {
	seat := s.facts[i].seat
	if s.ranks(seat, i, Facilitator, sure) {
		return [...]bool{true, true}
	}
	if s.struck(i, seat, Facilitator, sure) || s.archivedBelow(i) {
		return may
	}
	return [...]bool{Body: s.ranks(seat, i, Editor, sure), Annotations: s.ranks(seat, i, Annotator, sure)}
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
