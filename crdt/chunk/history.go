package chunk

import (
	"fmt"
	"iter"
	"slices"
)

// maxUnfolded bounds what Unfold takes on, in changes, operations and references
// to operations together: it holds some 50 bytes of each.
const maxUnfolded = 1 << 20

// History is the changes that a snapshot is made of, without what they do: their
// names, and what each builds on. The snapshot's heads are those names, so it
// says nothing but what they say.
type History struct {
	actors []Actor
	rows   []row
	deps   []int32
	own    [][]int32 // by actor, the rows of its changes by number
}

// Hashes are the names of the changes, each after those it depends on.
func (h *History) Hashes() iter.Seq[Hash] {
	return func(yield func(Hash) bool) {
		for i := range h.rows {
			if !yield(h.rows[i].hash) {
				return
			}
		}
	}
}

// row is one change, after those it depends on.
type row struct {
	hash Hash
	deps int32 // where its dependencies end in History.deps
}

// heads are the hashes of the changes that no other builds on, ascending.
func (h *History) heads() []Hash {
	below := make([]bool, len(h.rows))
	for _, dep := range h.deps {
		below[dep] = true
	}
	var heads []Hash
	for i := range h.rows {
		if !below[i] {
			heads = append(heads, h.rows[i].hash)
		}
	}
	slices.SortFunc(heads, Hash.Compare)
	return heads
}

// stepsEach is how far Covers looks for what a change builds on: so many changes
// for each that there is.
const stepsEach = 8

// Covers checks, for every actor in signed, that its signed change is there with
// that number and has every earlier change of the actor among its ancestors. It
// fails with ErrUnsound where that is not so, and with ErrTooLarge where the
// history is so entangled that finding out takes too long.
func (h *History) Covers(signed map[Actor]Signed) error {
	budget := stepsEach*len(h.rows) + stepsEach
	seen := make([]int32, len(h.rows)) // by row, for which change it was last come upon
	for i, actor := range h.actors {
		s, ok := signed[actor]
		if !ok {
			continue
		}
		own := h.own[i]
		if s.Seq == 0 || s.Seq > uint64(len(own)) || h.rows[own[s.Seq-1]].hash != s.Hash {
			return fmt.Errorf("%w: change %d of %s is not the signed one", ErrUnsound, s.Seq, actor)
		}
		for n := range int(s.Seq) - 1 {
			found, steps := h.reaches(own[n+1], own[n], seen, budget)
			if budget -= steps; budget <= 0 {
				return fmt.Errorf("%w: a history of %d changes that is too entangled", ErrTooLarge, len(h.rows))
			}
			if !found {
				return fmt.Errorf("%w: change %d of %s does not build on the one before", ErrUnsound, n+2, actor)
			}
		}
	}
	if missing := len(signed) - h.known(signed); missing > 0 {
		return fmt.Errorf("%w: nothing of %d who signed is there", ErrUnsound, missing)
	}
	return nil
}

func (h *History) known(signed map[Actor]Signed) (n int) {
	for _, actor := range h.actors {
		if _, ok := signed[actor]; ok {
			n++
		}
	}
	return n
}

// reaches reports whether one change has another among its ancestors, and how many
// steps it took to find out: budget at most. Changes above the other cannot lead
// to it.
func (h *History) reaches(from, to int32, seen []int32, budget int) (found bool, steps int) {
	if slices.Contains(h.below(from), to) {
		return true, 1 // as nearly always
	}
	next := []int32{from}
	for len(next) > 0 && steps < budget {
		at := next[len(next)-1]
		next = next[:len(next)-1]
		for _, dep := range h.below(at) {
			steps++
			if dep == to {
				return true, steps
			}
			if dep > to && seen[dep] != from {
				seen[dep] = from
				next = append(next, dep)
			}
		}
	}
	return false, steps
}

// below are the rows that a change depends on.
func (h *History) below(at int32) []int32 {
	first := int32(0)
	if at > 0 {
		first = h.rows[at-1].deps
	}
	return h.deps[first:h.rows[at].deps]
}

// Unfold takes a snapshot apart into the changes that it was made of, written
// again to the byte, and makes sure that its heads are the hashes of those. keep,
// unless it is nil, is given each change's chunk, which it may hold on to, after
// those it depends on.
//
// It fails with ErrTooLarge where that is more than is wise to hold in memory,
// and with ErrMalformed where the changes do not come to these heads: the snapshot
// then lies, or a program has written its changes in a way that only it knows.
func (s *Snapshot) Unfold(keep func(hash Hash, raw []byte)) (*History, error) {
	if s.Changes+s.count+s.succs > maxUnfolded {
		return nil, fmt.Errorf("unfold snapshot: %w: %d changes of %d operations", ErrTooLarge, s.Changes, s.count)
	}
	u := unfolding{snapshot: s, changes: s.changes, keep: keep, index: make([]int, len(s.Actors))}
	h, err := u.run()
	if err != nil {
		return nil, fmt.Errorf("unfold snapshot: %w", err)
	}
	return h, nil
}
