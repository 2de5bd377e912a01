package crdt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

// Mend sets aside what makes a part unreadable: each change whose operations
// make no sense on top of what it builds on (ReasonNonsense), each over which
// the materializer stops or takes more than it may (ReasonCrash), and what
// cannot stay without them. Where the part is just too large for this machine,
// no change is to blame, and all stay. They go into quarantine and are refused when they
// come again; the rest of the document is there as before. A snapshot that cannot
// be read although its changes can is made anew of them. It returns how many
// changes were set aside, 0 where the part can be read. Somebody who signed such a
// change, or a program with a fault, so breaks nobody's document for longer
// than it takes to notice.
//
// It is to be called when reading a document or compacting it has failed with
// chunk.ErrUnreadable or chunk.ErrStopped, and asks the materializer many times
// where it has. Where nothing helps it fails with one of them, and at once when
// it is called again before the part has moved, also after a restart.
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

// harmful reports whether an error says that chunks cannot be read, and not
// that they could not be looked at just now.
func harmful(err error) bool {
	return errors.Is(err, chunk.ErrUnreadable) || errors.Is(err, chunk.ErrStopped)
}

// reasonOf is why a change goes with which the document is harmful.
func reasonOf(harm error) Reason {
	if errors.Is(harm, chunk.ErrStopped) {
		return ReasonCrash
	}
	return ReasonNonsense
}

// maxFaults is how many changes are looked for in one go.
const maxFaults = 256

var errTooMuch = fmt.Errorf("%w: there is too much in it that cannot be", chunk.ErrUnreadable)

func (s *Store) mend(ctx context.Context, ref Ref) (removed int, err error) {
	m, err := s.examine(ref, false)
	if err != nil {
		return 0, err
	}
	if m.state.Stuck > 0 && m.state.Stuck == m.state.Position {
		return 0, errStuck
	}
	removed, err = s.cure(ctx, m)
	if harmful(err) && ctx.Err() == nil {
		s.log.Warn("a document cannot be read, and nothing helps", "ref", ref, "error", err)
		stuck := func(state *stateRecord) bool {
			if state.Position == m.state.Position {
				state.Stuck = state.Position
			}
			return true
		}
		err = errors.Join(err, s.noteState(ref, stuck))
	}
	return removed, err
}

// cure finds what has to go from a part until the rest can be read.
func (s *Store) cure(ctx context.Context, m *patient) (removed int, err error) {
	for range maxFaults {
		base, left, raws := m.left()
		_, err = s.readable(ctx, base, raws)
		if err == nil && len(m.aside) == 0 && !m.anew {
			return 0, s.noteVetted(m.ref, m.view.position, m.view.bottom, true)
		}
		if err == nil {
			m.vetted = true
			if err = s.replace(ctx, m); err == nil {
				s.reportAside(m)
			}
			return len(m.aside), err
		}
		if !harmful(err) {
			return 0, err
		}
		known := 0
		for known < len(left) && left[known].position <= m.state.Vetted && !m.apart {
			known++
		}
		at, harm, err := s.fault(ctx, base, raws, known, err)
		if errors.Is(err, errInSnapshot) && !m.apart {
			if err = s.takeSnapshotsApart(ctx, m); err == nil {
				m.anew = true
				continue
			}
		}
		if err != nil {
			return 0, err
		}
		if harm == nil {
			continue // it has come to its senses
		}
		if err := s.guilty(ctx, m.ref.Space, slices.Concat(base, raws[:at]), left[at], harm); err != nil {
			return 0, err
		}
		s.log.Warn("a document cannot be read with a change, which is set aside", "ref", m.ref, "hash", left[at].hash, "error", harm)
		m.aside[left[at].hash] = reasonOf(harm)
		m.spread()
	}
	return 0, errTooMuch
}

// left is what is not set aside: the snapshots, unless they were taken apart,
// and the changes that are not in the one made here.
func (m *patient) left() (base [][]byte, left []patientItem, raws [][]byte) {
	if !m.apart {
		base = m.base
	}
	for _, e := range m.entries {
		if (m.apart || e.position > m.view.through()) && m.aside[e.hash] == 0 {
			left, raws = append(left, e), append(raws, e.raw)
		}
	}
	return base, left, raws
}

// reportAside tells whose changes were set aside.
func (s *Store) reportAside(m *patient) {
	devices := make(map[chunk.Actor]space.DeviceID)
	for _, info := range m.view.snapshots {
		for _, signature := range info.signatures {
			devices[signature.Actor] = signature.Device
		}
	}
	counts := make(map[chunk.Actor]int)
	for _, e := range m.entries {
		if e.signed != nil {
			devices[e.actor] = e.signed.Device
		}
		if reason := m.aside[e.hash]; reason != 0 && reason != ReasonApart {
			counts[e.actor]++
		}
	}
	for actor, count := range counts {
		s.report(Incident{
			Kind: IncidentAside, Ref: m.ref, Device: devices[actor], Actor: actor, Count: count,
			Detail: "the document could not be read with them",
		})
	}
}

// readable returns the heads of chunks and some changes, or says what is wrong.
func (s *Store) readable(ctx context.Context, base, changes [][]byte) ([]chunk.Hash, error) {
	report, err := s.materializer.Vet(ctx, slices.Concat(base, changes))
	if err == nil && len(report.Missing) > 0 {
		err = fmt.Errorf("%d changes are missing", len(report.Missing))
	}
	return report.Heads, err
}

// errInSnapshot is what cannot be found among the loose changes.
var errInSnapshot = errors.New("what is wrong lies in a snapshot")

// fault finds the first of some changes, ancestors first, with which they
// cannot be read. The caller has found out that they cannot, and that the first
// of them, known, probably can. harm, which says why, is nil if they now can.
// It fails with errInSnapshot where none of them is at fault.
func (s *Store) fault(ctx context.Context, base, changes [][]byte, known int, cause error) (at int, harm, err error) {
	var named *chunk.AtError
	if errors.As(cause, &named) && named.Chunk >= len(base) {
		return named.Chunk - len(base), cause, nil
	}
	good, bad, harm := -1, len(changes), cause
	middle := (good + bad) / 2
	if known > 0 && known < bad {
		middle = known
	}
	for bad-good > 1 {
		switch _, err := s.readable(ctx, base, changes[:middle]); {
		case err == nil:
			good = middle
		case harmful(err):
			bad, harm = middle, err
		default:
			return 0, nil, err
		}
		middle = (good + bad) / 2
	}
	if bad == 0 {
		return 0, nil, fmt.Errorf("%w: %w", errInSnapshot, harm)
	}
	if errors.Is(harm, chunk.ErrStopped) {
		// Time and memory may have been short for other reasons.
		_, err := s.readable(ctx, base, changes[:bad])
		if err == nil || !harmful(err) {
			return 0, nil, err
		}
	}
	return bad - 1, harm, nil
}

// maxHarmful is how many changes of one bundle are looked for that make no
// sense, before it is given up.
const maxHarmful = 8

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
	_, harm := s.readable(ctx, q.stored, q.changes)
	if harm == nil || !harmful(harm) || len(b.unwanted) == maxHarmful {
		return cause
	}
	at, harm, err := s.fault(ctx, q.stored, q.changes, 0, harm)
	if err != nil {
		return err
	}
	if harm == nil {
		return cause
	}
	c, err := chunk.ParseChange(q.changes[at], s.limits)
	if err != nil {
		return err
	}
	item := patientItem{looseEntry: newLooseEntry(c, 0, 0, b.origin), raw: c.Raw}
	if err := s.guilty(ctx, b.ref.Space, slices.Concat(q.stored, q.changes[:at]), item, harm); err != nil {
		return err
	}
	b.unwanted[c.Hash] = reasonOf(harm)
	return nil
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
	removed, err = retryMoved(func() (int, error) {
		m, err := s.examine(ref, false)
		if err != nil {
			return 0, err
		}
		if err := s.take(ctx, m, aside); err != nil {
			return 0, err
		}
		if err := s.replace(ctx, m); err != nil {
			return 0, err
		}
		s.reportAside(m)
		return len(m.aside), nil
	})
	if err != nil {
		return 0, fmt.Errorf("set aside from %s: %w", ref, err)
	}
	return removed, nil
}
