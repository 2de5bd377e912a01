package crdt

import (
	"bytes"
	"cmp"
	"maps"
	"math/bits"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

// A signature speaks for the change that it is of and for that actor's changes
// among its ancestors, by their hashes, and for no others: of two changes with
// one number it is worth nothing for the one that is not below. What comes is
// judged by this, and what is here, so that it does not matter when something
// came.

// saying is a change as signatures see it.
type saying struct {
	actor chunk.Actor
	seq   uint64
	below []int // what it builds on, among the same sayings
	by    space.DeviceID
	heard bool // by has signed it, and whoever takes that signature has all below
}

// voice is what is said for a change.
type voice struct {
	worth worth
	by    space.DeviceID // whose word is worth the most; of equals the one with the smaller reason, then ID
	why   Reason         // why it is not worth all; 0 if it is
}

// less reports whether another voice says more.
func (v voice) less(other voice) bool {
	rank := func(v voice) Reason {
		if v.why == ReasonNoRight {
			return ^Reason(0) // the least that is known of anybody
		}
		return v.why
	}
	if c := cmp.Or(cmp.Compare(v.worth, other.worth), cmp.Compare(rank(other), rank(v))); c != 0 {
		return c < 0
	}
	return v.by == (space.DeviceID{}) || bytes.Compare(other.by[:], v.by[:]) < 0
}

// voiceOf is what a device's signature says for a change of an actor that is no
// device's.
func (r rights) voiceOf(device space.DeviceID) voice {
	said := voice{worth: r.worth(device), by: device}
	if said.worth != whole {
		said.why = r.why(device)
	}
	return said
}

// standing answers for many changes of a part whether they stand by themselves.
type standing struct {
	rights
	actors map[chunk.Actor]actorRights
	voices []voice // of the changes that were listed, in that order
	steps  int     // that were taken to hear them
}

// actorRights are what the log says of an actor in a part.
type actorRights struct {
	owner space.DeviceID
	owned bool
	may   bool // its owner may write now
	limit uint64
}

// speaker is a device that has signed changes of an actor that is no device's.
type speaker struct {
	actor chunk.Actor
	by    space.DeviceID
}

// chorus is how many speakers are heard at once: anybody may make many, and each
// by itself would have to be followed through all that is below.
const chorus = 64

// standing finds out which changes stand by themselves, from all that is signed.
func (r rights) standing(list []saying) *standing {
	s := &standing{rights: r, actors: make(map[chunk.Actor]actorRights), voices: make([]voice, len(list))}
	signed := make(map[speaker][]int)
	for i, c := range list {
		s.voices[i].why = ReasonNoRight
		if c.heard && !s.of(c.actor).owned {
			signed[speaker{c.actor, c.by}] = append(signed[speaker{c.actor, c.by}], i)
		}
	}
	if len(signed) == 0 {
		return s
	}
	order := downwards(list)
	speakers := slices.Collect(maps.Keys(signed))
	for some := range slices.Chunk(speakers, chorus) {
		s.hear(list, order, some, signed)
	}
	return s
}

// hear notes what at most 64 speakers say: of the changes they have signed, and of
// those of the same actor below.
func (s *standing) hear(list []saying, order []int, speakers []speaker, signed map[speaker][]int) {
	reached := make([]uint64, len(list)) // by which of them, a bit each
	of := make(map[chunk.Actor]uint64)
	said := make([]voice, len(speakers))
	for i, who := range speakers {
		said[i] = s.voiceOf(who.by)
		of[who.actor] |= 1 << i
		for _, at := range signed[who] {
			reached[at] |= 1 << i
		}
	}
	for _, at := range order {
		s.steps++
		if reached[at] == 0 {
			continue
		}
		for own := reached[at] & of[list[at].actor]; own != 0; own &= own - 1 {
			if one := said[bits.TrailingZeros64(own)]; s.voices[at].less(one) {
				s.voices[at] = one
			}
		}
		for _, below := range list[at].below {
			s.steps++
			reached[below] |= reached[at]
		}
	}
}

// downwards is an order of sayings in which each comes before what it builds on.
func downwards(list []saying) []int {
	above := make([]int, len(list))
	for i := range list {
		for _, below := range list[i].below {
			above[below]++
		}
	}
	order := make([]int, 0, len(list))
	for i := range list {
		if above[i] == 0 {
			order = append(order, i)
		}
	}
	for next := 0; next < len(order); next++ {
		for _, below := range list[order[next]].below {
			if above[below]--; above[below] == 0 {
				order = append(order, below)
			}
		}
	}
	return order
}

// of looks up an actor.
func (s *standing) of(actor chunk.Actor) actorRights {
	known, ok := s.actors[actor]
	if !ok {
		known.owner, known.owned = ownerOf(s.log, actor)
		known.may = known.owned && s.log.MayWrite(known.owner, s.ref.Part)
		known.limit = s.limit(actor)
		s.actors[actor] = known
	}
	return known
}

// stands reports whether a change stands by itself, by what is said for it.
func (s *standing) stands(actor chunk.Actor, seq uint64, said voice) bool {
	of := s.of(actor)
	if of.owned {
		return of.may || seq <= of.limit
	}
	return said.worth == whole || said.worth == within && seq <= of.limit
}

// reason says why a change does not stand by itself, and who is answerable for
// it.
func (s *standing) reason(actor chunk.Actor, said voice) (Reason, space.DeviceID) {
	if of := s.of(actor); of.owned {
		return s.why(of.owner), of.owner
	}
	return said.why, said.by
}

// chained adds to sayings of what a part holds that each builds on its actor's
// earlier one: of that a part has one of each number, and that was looked at when
// it came. held tells the part's from what is set aside.
func chained(list []saying, held func(int) bool) {
	newest := make(map[chunk.Actor][]int)
	for i := range list {
		if held(i) {
			newest[list[i].actor] = append(newest[list[i].actor], i)
		}
	}
	for _, some := range newest {
		slices.SortFunc(some, func(a, b int) int { return cmp.Compare(list[a].seq, list[b].seq) })
		for i := 1; i < len(some); i++ {
			list[some[i]].below = append(slices.Clip(list[some[i]].below), some[i-1])
		}
	}
}
