package crdt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parley/crdt/chunk"
)

var errMovedOn = errors.New("the document moved on meanwhile")

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
	for range 3 {
		if removed, err = s.mend(ctx, ref); !errors.Is(err, errMovedOn) {
			break
		}
	}
	if err != nil {
		return 0, fmt.Errorf("mend %s: %w", ref, err)
	}
	return removed, nil
}

// maxFaults is how many changes are looked for in one go.
const maxFaults = 256

// patient is a part that is being mended, as it was at a position.
type patient struct {
	view    view
	entries []looseEntry // all loose changes, ancestors first
	raws    map[chunk.Hash][]byte
	base    [][]byte // the snapshots
	aside   map[chunk.Hash]Reason
	heads   []chunk.Hash // of what is left
}

func (s *Store) mend(ctx context.Context, ref Ref) (int, error) {
	m, err := s.examine(ref)
	if err != nil {
		return 0, err
	}
	for range maxFaults {
		left, raws := m.left()
		m.heads, err = s.readable(ctx, m.base, raws)
		if err == nil {
			return len(m.aside), s.setAside(ref, m)
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

func (s *Store) examine(ref Ref) (*patient, error) {
	m := &patient{raws: make(map[chunk.Hash][]byte), aside: make(map[chunk.Hash]Reason)}
	look := func(p *part, r Reader) error {
		index, err := p.index(r, s.limits)
		if err == nil {
			m.entries = slices.Clone(index.entries)
		}
		return err
	}
	err := s.readPart(ref, look, func(v view, r Reader) error {
		m.view = v
		for _, info := range v.snapshots {
			raw, err := readSnapshot(r, ref, info)
			if err != nil {
				return err
			}
			m.base = append(m.base, raw)
		}
		for _, e := range m.entries {
			raw, err := readChange(r, ref, e.position)
			if err != nil {
				return err
			}
			m.raws[e.hash] = raw
		}
		return nil
	})
	return m, err
}

// left are the changes that are neither in a snapshot made here nor set aside.
func (m *patient) left() (left []looseEntry, raws [][]byte) {
	for _, e := range m.entries {
		if e.position > m.view.through() && m.aside[e.hash] == 0 {
			left, raws = append(left, e), append(raws, m.raws[e.hash])
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

// spread sets aside what builds on what is set aside, and what nobody has
// signed for but by a change that is.
func (m *patient) spread() {
	for before := -1; before < len(m.aside); {
		before = len(m.aside)
		for _, e := range m.entries {
			if m.aside[e.hash] == 0 && slices.ContainsFunc(e.deps, func(dep chunk.Hash) bool { return m.aside[dep] == ReasonNonsense }) {
				m.aside[e.hash] = ReasonNonsense
			}
		}
		actors := m.actorsLeft()
		for _, e := range m.entries {
			waits := slices.ContainsFunc(e.deps, func(dep chunk.Hash) bool { return m.aside[dep] != 0 })
			if m.aside[e.hash] == 0 && (waits || e.seq > actors[e.actor].Seq) {
				m.aside[e.hash] = ReasonApart
			}
		}
	}
}

// setAside moves changes into quarantine, in one transaction.
func (s *Store) setAside(ref Ref, m *patient) error {
	if len(m.aside) == 0 {
		return nil
	}
	p := s.cache.acquire(ref)
	defer s.cache.release(p)
	var ops []Op
	err := s.backend.View(func(r Reader) (err error) {
		if err = p.load(r); err == nil && !p.clean {
			ops, err = p.leftovers(r)
		}
		return err
	})
	if err != nil {
		return err
	}
	if p.state.Position != m.view.position || p.view().through() != m.view.through() {
		return errMovedOn
	}
	b := &batch{ref: ref}
	actors := m.actorsLeft()
	state := stateRecord{Heads: m.heads, Digest: vectorDigest(ref, vectorOfActors(actors))}
	for _, e := range m.entries {
		reason := m.aside[e.hash]
		if reason == 0 {
			if e.position > m.view.through() {
				state.Loose++
				state.LooseSize += uint64(e.size)
			}
			continue
		}
		ops = append(ops, Op{Key: positionedKey(ref, kindChange, e.position)})
		b.refused = append(b.refused, refusal{
			Quarantined: Quarantined{
				Ref: ref, Hash: e.hash, Actor: e.actor, Seq: e.seq, Reason: reason,
				Origin: e.origin, Time: s.now(), Size: e.size,
			},
			raw: m.raws[e.hash], signed: e.signed, stored: true,
		})
	}
	for actor := range p.actors {
		op := Op{Key: actorKey(ref, actor)}
		if record, ok := actors[actor]; ok {
			op.Value = encode(record)
		}
		ops = append(ops, op)
	}
	quarantine := s.quarantineOps(b, nil)
	err = s.committer.commit(1, func(first uint64) commit {
		// Who was told of less has to look at everything again.
		state.Position, state.Floor = first, first
		return commit{
			staged: quarantine,
			final:  append(ops, Op{Key: stateKey(ref), Value: encode(state)}),
			moves:  []Move{{Position: first, Ref: ref, Origin: Local, Time: s.now()}},
		}
	})
	p.loaded = false
	if err == nil {
		s.directory(ref.Space).set(ref, state.Digest)
	}
	return err
}

// actorsLeft are the actors' newest changes that stay.
func (m *patient) actorsLeft() map[chunk.Actor]actorRecord {
	actors := make(map[chunk.Actor]actorRecord)
	note := func(signature Signature, position uint64) {
		if signature.Seq > actors[signature.Actor].Seq {
			actors[signature.Actor] = actorRecord{
				Seq: signature.Seq, Hash: signature.Hash, Position: position,
				Device: signature.Device, Sig: signature.Sig,
			}
		}
	}
	for _, info := range m.view.snapshots {
		for _, signature := range info.signatures {
			note(signature, info.position)
		}
	}
	for _, e := range m.entries {
		if e.signed != nil && m.aside[e.hash] == 0 {
			note(*e.signed, e.position)
		}
	}
	return actors
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
	if detail == nil || len(b.nonsense) == maxNonsense {
		return cause
	}
	c, err := chunk.ParseChange(q.changes[at], s.limits)
	if err == nil {
		b.nonsense[c.Hash] = true
	}
	return err
}
