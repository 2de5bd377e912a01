package crdt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parley/crdt/chunk"
)

// questions is what only the materializer can answer.
type questions struct {
	presumed Vector                       // which changes above these lie in the snapshots? nil if nobody asks
	inside   map[chunk.Hash]bool          // do these lie in the snapshots?
	below    map[chunk.Hash]bool          // likewise, as something that lost a fork builds on them
	chained  map[chunk.Actor]chunk.Signed // do these follow their actors' earlier changes?
	stored   [][]byte                     // what the part holds
	changes  [][]byte                     // of the batch, what was accepted so far
}

// ask finds the answers, without holding up the part: what lies in the snapshots
// here where they can be unfolded, and else from the materializer.
func (s *Store) ask(ctx context.Context, b *batch, q *questions) error {
	if q.presumed != nil || len(q.below) > 0 || len(q.inside) > 0 {
		if s.lookHere(b, q) {
			return nil // with these answers, the other questions may be others
		}
	}
	if s.materializer == nil {
		return errNoMaterializer
	}
	if q.presumed != nil || len(q.below) > 0 {
		return s.lookInside(ctx, b, q)
	}
	chunks := append(slices.Clone(q.stored), q.changes...)
	if len(q.inside) > 0 {
		report, err := s.materializer.Vet(ctx, chunks)
		if errors.Is(err, chunk.ErrUnreadable) {
			// What is taken for accepted by now may be on another side of a fork
			// that nobody here has heard of yet, and is not to blame for it.
			q.below = q.inside
			return s.lookInside(ctx, b, q)
		}
		if err != nil {
			return fmt.Errorf("look for dependencies in snapshots: %w", err)
		}
		for hash := range q.inside {
			b.inside[hash] = !slices.Contains(report.Missing, hash)
		}
		return nil
	}
	for actor, signed := range q.chained {
		err := s.materializer.Verify(ctx, chunks, map[chunk.Actor]chunk.Signed{actor: signed})
		if err != nil && !errors.Is(err, chunk.ErrUnsound) {
			return fmt.Errorf("check that a change follows its author's: %w", err)
		}
		b.chained[signed.Hash] = err == nil
	}
	return nil
}

// lookHere answers what it can of what lies in the snapshots by unfolding them.
// It answers nothing where one of them cannot be.
func (s *Store) lookHere(b *batch, q *questions) bool {
	wanted := make(map[chunk.Hash]bool)
	for _, c := range b.changes {
		if c.fate == presumed && q.presumed != nil {
			wanted[c.Hash] = false
		}
	}
	for _, hashes := range []map[chunk.Hash]bool{q.inside, q.below} {
		for hash := range hashes {
			wanted[hash] = false
		}
	}
	if !s.among(q.stored, wanted) {
		return false
	}
	maps.Copy(b.inside, wanted)
	return true
}

// lookInside has the materializer take changes out of the snapshots, and finds
// out which of those that are presumed to be among them, or looked for there,
// are.
func (s *Store) lookInside(ctx context.Context, b *batch, q *questions) error {
	above := q.presumed
	if len(q.below) > 0 {
		above = nil // they may be anywhere
	}
	changes, err := s.materializer.Changes(ctx, q.stored, above)
	if err != nil {
		return fmt.Errorf("look for changes in snapshots: %w", err)
	}
	found := make(map[chunk.Hash]bool, len(changes))
	for _, raw := range changes {
		c, err := chunk.ParseChange(raw, s.limits)
		if err != nil {
			return fmt.Errorf("look for changes in snapshots: %w", err)
		}
		found[c.Hash] = true
	}
	for _, c := range b.changes {
		if c.fate == presumed {
			b.inside[c.Hash] = found[c.Hash]
		}
	}
	for hash := range q.below {
		b.inside[hash] = found[hash]
	}
	return nil
}
