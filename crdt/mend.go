package crdt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parley/crdt/chunk"
)

// Mend sets aside what makes a part unreadable: each change whose operations
// make no sense on top of what it builds on, and all that builds on it. They
// go into quarantine and are refused when they come again; the rest of the
// document is there as before. It returns how many changes that are, 0 where
// the part can be read. Somebody who signed such a change, or a program with a
// fault, so breaks nobody's document for longer than it takes to notice.
//
// It is to be called when reading a document or compacting it has failed with
// chunk.ErrUnreadable, and asks the materializer many times where it has.
func (s *Store) Mend(ctx context.Context, ref Ref) (removed int, err error) {
	if s.materializer == nil {
		return 0, fmt.Errorf("mend %s: %w", ref, errNoMaterializer)
	}
	removed, err = retryMoved(func() (int, error) { return s.mend(ctx, ref) })
	if err != nil {
		return 0, fmt.Errorf("mend %s: %w", ref, err)
	}
	return removed, nil
}

// maxFaults is how many changes are looked for in one go.
const maxFaults = 256

func (s *Store) mend(ctx context.Context, ref Ref) (int, error) {
	m, err := s.examine(ref, false)
	if err != nil {
		return 0, err
	}
	for range maxFaults {
		left, raws := m.left()
		_, err = s.readable(ctx, m.base, raws)
		if err == nil {
			return len(m.aside), s.replace(ctx, m)
		}
		if !errors.Is(err, chunk.ErrUnreadable) {
			return 0, err
		}
		at, detail, err := s.fault(ctx, m.base, raws)
		if err != nil {
			return 0, err
		}
		if detail == nil {
			continue // it has come to its senses
		}
		s.log.Warn("a change makes a document unreadable and is set aside", "ref", ref, "hash", left[at].hash, "error", detail)
		m.aside[left[at].hash] = ReasonNonsense
		m.spread()
	}
	return 0, errors.New("too much of it makes no sense")
}

// left are the changes that are neither in a snapshot made here nor set aside.
func (m *patient) left() (left []patientItem, raws [][]byte) {
	for _, e := range m.entries {
		if e.position > m.view.through() && m.aside[e.hash] == 0 {
			left, raws = append(left, e), append(raws, e.raw)
		}
	}
	return left, raws
}

// readable returns the heads of chunks and some changes, or fails with
// chunk.ErrUnreadable.
func (s *Store) readable(ctx context.Context, base, changes [][]byte) ([]chunk.Hash, error) {
	report, err := s.materializer.Vet(ctx, slices.Concat(base, changes))
	if err == nil && len(report.Missing) > 0 {
		err = fmt.Errorf("%d changes are missing", len(report.Missing))
	}
	return report.Heads, err
}

// fault finds the first of some changes, ancestors first, with which they
// cannot be read. detail, which says why, is nil if they can.
func (s *Store) fault(ctx context.Context, base, changes [][]byte) (at int, detail, err error) {
	good, bad := -1, len(changes)+1
	for middle := len(changes); bad-good > 1; middle = (good + bad) / 2 {
		switch _, err := s.readable(ctx, base, changes[:middle]); {
		case err == nil:
			good = middle
		case errors.Is(err, chunk.ErrUnreadable):
			bad, detail = middle, err
		default:
			return 0, nil, err
		}
	}
	if bad == 0 {
		return 0, nil, fmt.Errorf("what is wrong lies in a snapshot: %w", detail)
	}
	return bad - 1, detail, nil
}

// maxNonsense is how many changes of one bundle are looked for that make no
// sense, before it is given up.
const maxNonsense = 8

// blame finds out why a batch could not be looked at on top of what is stored:
// what is stored is mended, or the change at fault is refused.
func (s *Store) blame(ctx context.Context, b *batch, q *questions, cause error) error {
	removed, err := s.Mend(ctx, b.ref)
	if err != nil {
		return err
	}
	if removed > 0 {
		return nil
	}
	at, detail, err := s.fault(ctx, q.stored, q.changes)
	if err != nil {
		return err
	}
	if detail == nil || len(b.unwanted) == maxNonsense {
		return cause
	}
	c, err := chunk.ParseChange(q.changes[at], s.limits)
	if err == nil {
		b.unwanted[c.Hash] = ReasonNonsense
	}
	return err
}

// SetAside takes changes out of a part, wherever they lie, into quarantine with
// a reason, and so all that cannot stay without them. The rest is there as
// before; whoever shows the document has to open it again, and is told so by
// the bell. It returns how many changes that are: 0 where none of them is
// there.
func (s *Store) SetAside(ctx context.Context, ref Ref, hashes []chunk.Hash, reason Reason) (removed int, err error) {
	aside := make(map[chunk.Hash]Reason, len(hashes))
	for _, hash := range hashes {
		aside[hash] = reason
	}
	removed, err = retryMoved(func() (int, error) { return s.rebuild(ctx, ref, aside, false) })
	if err != nil {
		return 0, fmt.Errorf("set aside: %w", err)
	}
	return removed, nil
}

// retryMoved calls do again while it fails because the part moved on, a few
// times.
func retryMoved(do func() (int, error)) (n int, err error) {
	for range 5 {
		if n, err = do(); !errors.Is(err, errMovedOn) {
			break
		}
	}
	return n, err
}
