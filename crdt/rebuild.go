package crdt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"

	"parley/crdt/chunk"
)

// errMovedOn is what a part that moved while it was being looked at fails
// with. Look again.
var errMovedOn = errors.New("the document moved on meanwhile")

// rebuild makes a part hold all it holds but for some changes. They go into
// quarantine with their reasons, and so does what cannot stay without them:
// what builds on them, and what no signature is left for. It returns how many
// changes that are.
//
// It also works where they lie in snapshots, which the materializer then takes
// apart to make a new one of the rest. Loose changes that stay need not be
// readable. The part's chunks get new positions, and who was told of less has
// to begin again. Nothing is changed until all of it is durable.
//
// With lost, records of the part that cannot be read any more, and what is no
// use without them, are left behind too; they count among the removed.
//
// It fails with errMovedOn if the part moved meanwhile: callers try again.
func (s *Store) rebuild(ctx context.Context, ref Ref, aside map[chunk.Hash]Reason, lost bool) (removed int, err error) {
	m, err := s.examine(ref, lost)
	if err != nil {
		return 0, err
	}
	if err := s.take(ctx, m, aside); err != nil {
		return 0, fmt.Errorf("rebuild %s: %w", ref, err)
	}
	if err := s.replace(ctx, m); err != nil {
		return 0, fmt.Errorf("rebuild %s: %w", ref, err)
	}
	return len(m.aside) + m.lost, nil
}

// take sets changes aside, with what cannot stay without them.
func (s *Store) take(ctx context.Context, m *patient, aside map[chunk.Hash]Reason) error {
	if !m.apart && m.within(aside) {
		if err := s.takeSnapshotsApart(ctx, m); err != nil {
			return err
		}
	}
	if m.lost > 0 {
		if err := s.orphans(ctx, m); err != nil {
			return err
		}
	}
	for _, e := range m.entries {
		if reason := aside[e.hash]; reason != 0 {
			m.aside[e.hash] = reason
		}
	}
	m.spread()
	return nil
}

// snapshotLeft makes a snapshot of the changes that lay in snapshots and stay.
// There is none if none do.
func (s *Store) snapshotLeft(ctx context.Context, m *patient) (infos []snapshotInfo, raws [][]byte, err error) {
	var list [][]byte
	vector := make(Vector)
	for _, e := range m.entries {
		if e.inside && m.aside[e.hash] == 0 {
			list = append(list, e.raw)
			vector[e.actor] = max(vector[e.actor], e.seq)
		}
	}
	if len(list) == 0 {
		return nil, nil, nil
	}
	raw, err := s.materializer.Compact(ctx, list)
	if err != nil {
		return nil, nil, err
	}
	made, err := chunk.ParseSnapshot(raw, s.limits)
	if err == nil && !maps.Equal(Vector(made.Vector), vector) {
		err = errors.New("the snapshot does not hold what was to go into it")
	}
	if err != nil {
		return nil, nil, err
	}
	info := snapshotInfo{through: m.view.through(), heads: made.Heads, vector: vector, size: uint64(len(raw))}
	// Not above what was vetted with any of those it replaces.
	if info.position = info.through; info.position == 0 {
		info.position = m.view.snapshots[0].position
	}
	newest := make(map[chunk.Actor]Signature)
	m.signatures(func(signature Signature, _ uint64) {
		if signature.Seq == vector[signature.Actor] {
			newest[signature.Actor] = signature
		}
	})
	for _, actor := range vector.Actors() {
		signature, ok := newest[actor]
		if !ok && m.vouched[actor].Seq >= vector[actor] {
			continue
		}
		if !ok {
			return nil, nil, fmt.Errorf("%w: nobody has signed for what %s wrote", ErrDamaged, actor)
		}
		info.signatures = append(info.signatures, signature)
	}
	return []snapshotInfo{info}, [][]byte{raw}, nil
}

// replace puts what stays of the part in its place, above all it was.
func (s *Store) replace(ctx context.Context, m *patient) (err error) {
	if len(m.aside)+len(m.back)+len(m.stale)+len(m.turned) == 0 && m.lost == 0 && !m.anew {
		return nil
	}
	snapshots, raws := m.view.snapshots, m.base
	if m.apart {
		if snapshots, raws, err = s.snapshotLeft(ctx, m); err != nil {
			return err
		}
	}
	p := s.cache.acquire(m.ref)
	defer s.cache.release(p)
	var old []Op
	gone := make(map[chunk.Actor]bool)
	err = s.backend.View(func(r Reader) error {
		if err := m.unmoved(s, p, r); err != nil {
			return err
		}
		for _, kind := range chunkKinds {
			if old, err = deleteAll(r, kindKey(m.ref, kind), nil, nil, old); err != nil {
				return err
			}
		}
		prefix := kindKey(m.ref, kindActor)
		return r.Scan(prefix, nil, func(key, _ []byte) (bool, error) {
			gone[chunk.Actor(key[len(prefix):])] = true
			return true, nil
		})
	})
	if err != nil {
		return err
	}
	p.loaded = false
	quarantine, here := s.quarantineOps(m.refused(s), slices.Concat(m.back, m.stale))
	forks := s.held(m.ref.Space).quarantine.forks(m.ref)
	places := m.places(snapshots)
	var state stateRecord
	err = s.committer.commit(max(1, len(places.old)), func(first uint64) commit {
		places.first = first
		made := commit{staged: append(quarantine, m.chunks(snapshots, raws, places)...), after: old}
		actors := m.actorsLeft()
		for actor, record := range actors {
			record.Position = places.above(record.Position)
			made.final = append(made.final, Op{Key: actorKey(m.ref, actor), Value: encode(record)})
			delete(gone, actor)
		}
		for actor := range gone {
			made.final = append(made.final, Op{Key: actorKey(m.ref, actor)})
		}
		state = m.stateLeft(snapshots, places)
		state.Forks = forks
		state.Digest = partDigest(m.ref, state.Forks, actors)
		made.final = append(made.final, Op{Key: stateKey(m.ref), Value: encode(state)})
		made.forget(here)
		made.moves = []Move{{Position: state.Position, Ref: m.ref, Origin: Local, Time: s.now()}}
		return made
	})
	if err != nil {
		s.rereadQuarantine(m.ref.Space)
		return err
	}
	s.directory(m.ref.Space).set(m.ref, &state)
	s.noteRefused(m.ref.Space, len(quarantine)+len(here))
	return nil
}

// unmoved makes sure that the part is as it was when it was examined, or that
// no more came since than can stay.
func (m *patient) unmoved(s *Store, p *part, r Reader) error {
	if m.rights != nil && !m.rights.hold() {
		return errMovedOn
	}
	state, err := readState(r, m.ref)
	if m.lenient && errors.Is(err, ErrDamaged) {
		state.Position, err = lastChunk(r, m.ref)
	}
	if err != nil {
		return err
	}
	moved := state.Position != m.state.Position
	if state.Bottom != m.state.Bottom || moved && !m.follows {
		return errMovedOn
	}
	if m.lenient {
		return nil
	}
	if err := p.load(r); err != nil {
		return err
	}
	if p.view().through() != m.view.through() || len(p.snapshots) != len(m.view.snapshots) {
		return errMovedOn
	}
	if moved {
		return m.follow(s, p, r)
	}
	return nil
}

// follow takes in what was appended since the part was examined. People may be
// at work in it without a pause: whoever waits for one waits for ever. What
// builds on something that is to go has to be judged with it.
func (m *patient) follow(s *Store, p *part, r Reader) error {
	if p.state.Forks != m.state.Forks {
		return errMovedOn
	}
	index, err := p.index(r, s.limits)
	if err != nil {
		return err
	}
	first := sort.Search(len(index.entries), func(i int) bool { return index.entries[i].position > m.state.Position })
	for _, e := range index.entries[first:] {
		if slices.ContainsFunc(e.deps, func(dep chunk.Hash) bool { return m.aside[dep] != 0 }) {
			return errMovedOn
		}
		raw, err := readChange(r, m.ref, e.position)
		if err != nil {
			return err
		}
		m.entries = append(m.entries, patientItem{looseEntry: e, raw: raw})
	}
	for actor, record := range unsigned(p.actors) {
		if m.vouched[actor].Seq < record.Seq && m.aside[record.Hash] == 0 {
			m.vouched[actor] = record
		}
	}
	m.state, m.view.position = p.state, p.state.Position
	return nil
}

// refused is a batch of what is set aside.
func (m *patient) refused(s *Store) *batch {
	b := &batch{ref: m.ref}
	for _, e := range m.entries {
		reason := m.aside[e.hash]
		if reason == 0 {
			continue
		}
		b.refused = append(b.refused, refusal{
			Quarantined: Quarantined{
				Ref: m.ref, Hash: e.hash, Actor: e.actor, Seq: e.seq, Reason: reason,
				Origin: e.origin, Time: s.now(), Size: e.size,
			},
			raw: e.raw, deps: e.deps, signed: e.signed, stored: true,
		})
	}
	for _, c := range m.turned {
		b.refused = append(b.refused, refusal{
			Quarantined: Quarantined{
				Ref: m.ref, Hash: c.Hash, Actor: c.Actor, Seq: c.Seq, Reason: c.because,
				Origin: c.record.Origin, From: c.record.From, Time: seconds(c.record.Time), Size: len(c.Raw),
			},
			raw: c.Raw, deps: c.Deps, signed: c.signed, stored: true,
		})
	}
	return b
}

// places are the positions that chunks move from, ascending, and the first of
// those that they move to.
type places struct {
	old   []uint64
	first uint64
}

func (m *patient) places(snapshots []snapshotInfo) places {
	var old []uint64
	for _, info := range snapshots {
		old = append(old, info.position)
	}
	for _, e := range m.entries {
		if e.position > 0 && m.aside[e.hash] == 0 {
			old = append(old, e.position)
		}
	}
	slices.Sort(old)
	return places{old: slices.Compact(old)}
}

// below is the new position of the last chunk up to an old position, 0 if
// there is none.
func (p places) below(position uint64) uint64 {
	at := sort.Search(len(p.old), func(i int) bool { return p.old[i] > position })
	if at == 0 {
		return 0
	}
	return p.first + uint64(at) - 1
}

// above is the new position of the first chunk from an old position on, and
// that of the last where there is none.
func (p places) above(position uint64) uint64 {
	at := sort.Search(len(p.old), func(i int) bool { return p.old[i] >= position })
	return p.first + uint64(max(0, min(at, len(p.old)-1)))
}

// chunks are the records of what stays.
func (m *patient) chunks(snapshots []snapshotInfo, raws [][]byte, to places) (ops []Op) {
	for i, info := range snapshots {
		info.position, info.through = to.below(info.position), to.below(info.through)
		ops = append(ops, info.ops(m.ref, raws[i])...)
	}
	for _, e := range m.entries {
		if e.position == 0 || m.aside[e.hash] != 0 {
			continue
		}
		record := changeRecord{Complete: to.below(e.complete), Origin: e.origin, Raw: e.raw}
		if m.apart {
			record.Complete = 0 // snapshots that were above may be below now
		}
		if e.signed != nil {
			record.Device, record.Sig = e.signed.Device[:], e.signed.Sig[:]
		}
		ops = append(ops, Op{Key: positionedKey(m.ref, kindChange, to.below(e.position)), Value: encode(record)})
	}
	return ops
}

// stateLeft is the part's state once what stays is in its new places.
func (m *patient) stateLeft(snapshots []snapshotInfo, to places) stateRecord {
	state := stateRecord{
		Position: to.first + uint64(max(1, len(to.old))) - 1,
		Heads:    m.headsLeft(snapshots),
		Vetted:   to.below(m.state.Vetted),
		Bottom:   to.first - 1,
	}
	// Who was told of less has to look at everything again.
	state.Floor = state.Position
	if m.vetted {
		state.Vetted = state.Position
	}
	for _, e := range m.entries {
		if m.aside[e.hash] == 0 && e.position > m.view.through() {
			state.Loose++
			state.LooseSize += uint64(e.size)
		}
	}
	return state
}
