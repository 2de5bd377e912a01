package crdt

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

// forked reports whether a change is set aside for a fork: it lost, or builds
// on one that did. It stays part of what the device holds, since further
// changes may tip the balance.
func (r Reason) forked() bool { return r == ReasonFork || r == ReasonForked }

// forksDigest sums up what of a part is set aside for a fork: the first 16
// bytes of the SHA-256 of the hashes in order, zeros if there are none.
func forksDigest(forked map[chunk.Hash]bool) [16]byte {
	if len(forked) == 0 {
		return [16]byte{}
	}
	sum := sha256.New()
	for _, hash := range slices.SortedFunc(maps.Keys(forked), chunk.Hash.Compare) {
		sum.Write(hash[:])
	}
	return [16]byte(sum.Sum(nil))
}

// strand is a change as the rule of forks sees it.
type strand struct {
	hash  chunk.Hash
	actor chunk.Actor
	seq   uint64
	deps  []chunk.Hash
	aside bool // set aside for a fork so far: nobody has looked whether it follows its actor's earlier change
}

// tangle is all that is known of a part: what counts and what is set aside for
// a fork.
type tangle struct {
	strands []strand // ancestors first
	below   [][]int  // the strands that each depends on
	above   [][]int  // those that depend on each
	writers []int    // of each strand: the number of its member, -1 where it is no member's
	members int
	dead    []Reason
	votes   map[int]int
}

// losers says which changes do not count, by a rule that every peer computes
// alike from the same changes and members, in whatever order they came
// (docs/decisions/0010): where there are several of one actor and number, the
// one counts on which the most members' devices have built, the actor's own
// aside, and of equals the one with the smallest hash. The others have lost
// (ReasonFork), and what builds on them has too (ReasonForked). Where one fork
// depends on another, the one that more have built on is decided first.
//
// Ancestors come first in strands. owner names the member whom an actor
// belongs to.
func losers(strands []strand, owner func(chunk.Actor) (space.DeviceID, bool)) map[chunk.Hash]Reason {
	t := newTangle(strands, owner)
	forks := t.forks()
	t.count(forks)
	slices.SortStableFunc(forks, func(a, b []int) int {
		if c := cmp.Compare(t.best(b), t.best(a)); c != 0 {
			return c
		}
		x, y := t.strands[a[0]], t.strands[b[0]]
		if c := cmp.Compare(x.actor, y.actor); c != 0 {
			return c
		}
		return cmp.Compare(x.seq, y.seq)
	})
	for i, s := range strands {
		if s.aside && t.dead[i] == 0 && !t.follows(i) {
			t.kill(i)
		}
	}
	for _, fork := range forks {
		t.settle(fork)
	}
	lost := make(map[chunk.Hash]Reason)
	for i, reason := range t.dead {
		if reason != 0 {
			lost[t.strands[i].hash] = reason
		}
	}
	return lost
}

func newTangle(strands []strand, owner func(chunk.Actor) (space.DeviceID, bool)) *tangle {
	t := &tangle{
		strands: strands, below: make([][]int, len(strands)), above: make([][]int, len(strands)),
		writers: make([]int, len(strands)), dead: make([]Reason, len(strands)), votes: make(map[int]int),
	}
	at := make(map[chunk.Hash]int, len(strands))
	numbers := make(map[space.DeviceID]int)
	writers := make(map[chunk.Actor]int)
	for i, s := range strands {
		at[s.hash] = i
		for _, dep := range s.deps {
			if d, ok := at[dep]; ok {
				t.below[i] = append(t.below[i], d)
				t.above[d] = append(t.above[d], i)
			}
		}
		writer, ok := writers[s.actor]
		if !ok {
			writer = -1
			if device, ok := owner(s.actor); ok {
				if _, ok := numbers[device]; !ok {
					numbers[device] = len(numbers)
				}
				writer = numbers[device]
			}
			writers[s.actor] = writer
		}
		t.writers[i] = writer
	}
	t.members = len(numbers)
	return t
}

// number is what no two changes should have in common.
type number struct {
	actor chunk.Actor
	seq   uint64
}

// forks are the strands that have an actor and number in common.
func (t *tangle) forks() (forks [][]int) {
	same := make(map[number][]int, len(t.strands))
	for i, s := range t.strands {
		same[number{s.actor, s.seq}] = append(same[number{s.actor, s.seq}], i)
	}
	for _, some := range same {
		if len(some) > 1 {
			forks = append(forks, some)
		}
	}
	return forks
}

// count finds out how many members have built on each strand of the forks. It
// does so for 64 of them at a time.
func (t *tangle) count(forks [][]int) {
	candidates := slices.Concat(forks...)
	slices.Sort(candidates)
	reached := make([]uint64, len(t.strands))
	built := make([]uint64, t.members)
	for some := range slices.Chunk(candidates, 64) {
		clear(reached)
		clear(built)
		for bit, i := range some {
			reached[i] |= 1 << bit
		}
		for i := some[0]; i < len(t.strands); i++ {
			for _, d := range t.below[i] {
				reached[i] |= reached[d]
			}
			if w := t.writers[i]; w >= 0 {
				built[w] |= reached[i]
			}
		}
		for bit, i := range some {
			for member, on := range built {
				if on&(1<<bit) != 0 && member != t.writers[i] {
					t.votes[i]++
				}
			}
		}
	}
}

// maxFollowed bounds how far back a change's actor's earlier one is looked for.
const maxFollowed = 1 << 16

// follows reports whether a strand has its actor's earlier change among its
// ancestors.
func (t *tangle) follows(i int) bool {
	s := t.strands[i]
	if s.seq == 1 {
		return true
	}
	seen := make(map[int]bool)
	for next := slices.Clone(t.below[i]); len(next) > 0 && len(seen) < maxFollowed; next = next[1:] {
		at := next[0]
		if seen[at] {
			continue
		}
		seen[at] = true
		if below := t.strands[at]; below.actor == s.actor && below.seq == s.seq-1 {
			return true
		}
		next = append(next, t.below[at]...)
	}
	return false
}

// best is the most that have built on any side of a fork.
func (t *tangle) best(fork []int) (votes int) {
	for _, i := range fork {
		votes = max(votes, t.votes[i])
	}
	return votes
}

// settle decides a fork among the sides that are still there.
func (t *tangle) settle(fork []int) {
	winner := -1
	for _, i := range fork {
		switch {
		case t.dead[i] != 0:
		case winner < 0, t.votes[i] > t.votes[winner],
			t.votes[i] == t.votes[winner] && t.strands[i].hash.Compare(t.strands[winner].hash) < 0:
			winner = i
		}
	}
	for _, i := range fork {
		if t.dead[i] == 0 && i != winner {
			t.kill(i)
		}
	}
}

// kill gives a strand up, with all that builds on it.
func (t *tangle) kill(i int) {
	t.dead[i] = ReasonFork
	for next := t.above[i]; len(next) > 0; {
		above := next[len(next)-1]
		next = next[: len(next)-1 : len(next)-1]
		if t.dead[above] == 0 {
			t.dead[above] = ReasonForked
			next = append(next, t.above[above]...)
		}
	}
}
