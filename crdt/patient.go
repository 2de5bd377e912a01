package crdt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

// patient is a part that is being rebuilt, as it was at a position.
type patient struct {
	ref     Ref
	state   stateRecord
	view    view
	base    [][]byte      // the snapshots, in the order of the view
	entries []patientItem // all changes that are known one by one, ancestors first
	apart   bool          // the snapshots were taken apart: their changes are among the entries
	aside   map[chunk.Hash]Reason
	vetted  bool                        // all that is left can be read
	anew    bool                        // the snapshots were at fault: they are made anew, of the same changes if nothing is aside
	back    []*candidate                // of the entries, those that come back out of quarantine
	stale   []*candidate                // those that are in quarantine although they are in the part, as moving them was cut short
	turned  []*candidate                // those that stay in quarantine, for another reason, because
	rights  *rights                     // by which it was found out what counts; nil if it was not
	vouched map[chunk.Actor]actorRecord // actors' newest, where changes that lost a fork vouch for them
	follows bool                        // what is appended meanwhile can stay
	lost    int                         // records that cannot be read
	lenient bool                        // although records cannot be read
}

// patientItem is a change of it.
type patientItem struct {
	looseEntry // its position is 0 where it is not loose
	raw        []byte
	inside     bool // it lies in a snapshot; known only once they are taken apart
}

// examine reads all of a part, while appends go on.
func (s *Store) examine(ref Ref, lenient bool) (*patient, error) {
	m := &patient{ref: ref, aside: make(map[chunk.Hash]Reason), lenient: lenient}
	read := m.read
	if lenient {
		read = m.readWhatIsLeft
	}
	if err := read(s); err != nil {
		return nil, fmt.Errorf("examine %s: %w", ref, err)
	}
	return m, nil
}

func (m *patient) read(s *Store) error {
	look := func(p *part, r Reader) error {
		index, err := p.index(r, s.limits)
		if err != nil {
			return err
		}
		m.state, m.view = p.state, p.view()
		m.vouched = unsigned(p.actors)
		for _, e := range index.entries {
			m.entries = append(m.entries, patientItem{looseEntry: e})
		}
		return nil
	}
	return s.readPart(m.ref, look, func(_ view, r Reader) (err error) {
		for _, info := range m.view.snapshots {
			raw, err := readSnapshot(r, m.ref, info)
			if err != nil {
				return err
			}
			m.base = append(m.base, raw)
		}
		for i := range m.entries {
			if m.entries[i].raw, err = readChange(r, m.ref, m.entries[i].position); err != nil {
				return err
			}
		}
		return nil
	})
}

// readWhatIsLeft reads a part of which some records cannot be read, and counts
// those.
func (m *patient) readWhatIsLeft(s *Store) error {
	p := s.cache.acquire(m.ref) // nothing is appended to it meanwhile
	defer s.cache.release(p)
	return s.backend.View(func(r Reader) error { return m.readLenient(r, s.limits) })
}

func (m *patient) readLenient(r Reader, limits chunk.Limits) error {
	var err error
	if m.state, err = readState(r, m.ref); errors.Is(err, ErrDamaged) {
		// Without it, nothing says what was left over: what follows on
		// something that is not there is left out.
		m.lost++
		m.state = stateRecord{}
		m.state.Position, err = lastChunk(r, m.ref)
	}
	if err != nil {
		return err
	}
	m.view = view{ref: m.ref, position: m.state.Position, floor: m.state.Floor, bottom: m.state.Bottom}
	miss := func(uint64, error) error { m.lost++; return nil }
	infos, err := listSnapshots(r, m.view, miss)
	if err != nil {
		return err
	}
	for _, info := range infos {
		raw, err := readSnapshot(r, m.ref, info)
		if err == nil {
			_, err = chunk.ParseSnapshot(raw, limits)
		}
		if err != nil {
			m.lost++
			continue
		}
		m.view.snapshots = append(m.view.snapshots, info)
		m.base = append(m.base, raw)
	}
	return listChanges(r, m.view, limits, miss, func(e looseEntry, raw []byte) {
		m.entries = append(m.entries, patientItem{looseEntry: e, raw: slices.Clone(raw)})
	})
}

// lastChunk is the highest position of a part's chunks.
func lastChunk(r Reader, ref Ref) (last uint64, err error) {
	for _, kind := range chunkKinds[:2] {
		err = r.Scan(kindKey(ref, kind), nil, func(key, _ []byte) (bool, error) {
			position, _ := positionOf(key)
			last = max(last, position)
			return true, nil
		})
		if err != nil {
			return 0, err
		}
	}
	return last, nil
}

// within reports whether any of some changes may lie in a snapshot.
func (m *patient) within(aside map[chunk.Hash]Reason) bool {
	if len(m.base) == 0 {
		return false
	}
	loose := 0
	for _, e := range m.entries {
		if aside[e.hash] == 0 {
			continue
		}
		loose++
		for _, info := range m.view.snapshots {
			if info.vector[e.actor] >= e.seq {
				return true
			}
		}
	}
	return loose < len(aside)
}

// takeSnapshotsApart puts the changes that lie in snapshots among the entries.
func (s *Store) takeSnapshotsApart(ctx context.Context, m *patient) error {
	list, err := s.changesIn(ctx, m.base)
	if err != nil {
		return fmt.Errorf("take snapshots apart: %w", err)
	}
	loose := make(map[chunk.Hash]patientItem, len(m.entries))
	for _, e := range m.entries {
		loose[e.hash] = e
	}
	entries := make([]patientItem, 0, len(list)+len(m.entries))
	for _, raw := range list {
		c, err := chunk.ParseChange(raw, s.limits)
		if err != nil {
			return fmt.Errorf("take snapshots apart: %w", err)
		}
		item, ok := loose[c.Hash]
		if ok {
			delete(loose, c.Hash)
		} else {
			item = patientItem{looseEntry: newLooseEntry(c, 0, 0, Peer), raw: raw}
			item.signed = m.signatureOf(c.Hash)
		}
		item.inside = true
		entries = append(entries, item)
	}
	// What lies in a snapshot builds on nothing that does not.
	for _, e := range m.entries {
		if _, ok := loose[e.hash]; ok {
			entries = append(entries, e)
		}
	}
	m.entries, m.apart = entries, true
	return nil
}

// signatureOf finds the signature of a change that lies in a snapshot, if that
// is one of those that the snapshot has.
func (m *patient) signatureOf(hash chunk.Hash) *Signature {
	for _, info := range m.view.snapshots {
		for _, signature := range info.signatures {
			if signature.Hash == hash {
				return &signature
			}
		}
	}
	return nil
}

// unsigned are the actors whose newest change is vouched for by one that lost a
// fork.
func unsigned(actors map[chunk.Actor]actorRecord) map[chunk.Actor]actorRecord {
	some := make(map[chunk.Actor]actorRecord)
	for actor, record := range actors {
		if record.Device == (space.DeviceID{}) {
			some[actor] = record
		}
	}
	return some
}

// orphans sets aside what depends on changes that are not there.
func (s *Store) orphans(ctx context.Context, m *patient) error {
	here := make(map[chunk.Hash]bool, len(m.entries))
	for _, info := range m.view.snapshots {
		for _, head := range info.heads {
			here[head] = true
		}
	}
	for _, e := range m.entries {
		here[e.hash] = true
	}
	for _, e := range m.entries {
		alone := slices.ContainsFunc(e.deps, func(dep chunk.Hash) bool { return !here[dep] })
		if alone && len(m.base) > 0 && !m.apart {
			// It may be there, within a snapshot.
			if err := s.takeSnapshotsApart(ctx, m); err != nil {
				return err
			}
			return s.orphans(ctx, m)
		}
		if alone {
			m.aside[e.hash] = ReasonApart
		}
	}
	return nil
}

// spread sets aside what builds on what is set aside, and what nobody has
// signed for but by a change that is.
func (m *patient) spread() {
	for before := -1; before < len(m.aside); {
		before = len(m.aside)
		for _, e := range m.entries {
			if m.aside[e.hash] != 0 {
				continue
			}
			for _, dep := range e.deps {
				if reason := m.aside[dep]; reason != 0 {
					m.aside[e.hash] = reason.above()
					break
				}
			}
		}
		actors := m.actorsLeft()
		for _, e := range m.entries {
			if m.aside[e.hash] == 0 && e.seq > actors[e.actor].Seq {
				m.aside[e.hash] = ReasonApart
			}
		}
	}
}

// above is why a change goes that builds on one that goes for a reason.
func (r Reason) above() Reason {
	switch {
	case r.final():
		return r
	case r.forked():
		return ReasonForked
	}
	return ReasonApart
}

// signatures calls note for every signature of a change that stays, with that
// change's position.
func (m *patient) signatures(note func(signature Signature, position uint64)) {
	for _, info := range m.view.snapshots {
		for _, signature := range info.signatures {
			if m.aside[signature.Hash] == 0 {
				note(signature, info.position)
			}
		}
	}
	for _, e := range m.entries {
		if e.signed != nil && m.aside[e.hash] == 0 {
			note(*e.signed, e.position)
		}
	}
}

// actorsLeft are the actors' newest changes that stay.
func (m *patient) actorsLeft() map[chunk.Actor]actorRecord {
	actors := make(map[chunk.Actor]actorRecord)
	m.signatures(func(signature Signature, position uint64) {
		if signature.Seq > actors[signature.Actor].Seq {
			actors[signature.Actor] = actorRecord{
				Seq: signature.Seq, Hash: signature.Hash, Position: position,
				Device: signature.Device, Sig: signature.Sig,
			}
		}
	})
	for actor, record := range m.vouched {
		if record.Seq > actors[actor].Seq && m.aside[record.Hash] == 0 {
			actors[actor] = record
		}
	}
	// One that lies in a snapshot and beside it is where it lies beside it.
	for _, e := range m.entries {
		if record := actors[e.actor]; record.Hash == e.hash && e.position > 0 {
			record.Position = e.position
			actors[e.actor] = record
		}
	}
	return actors
}

// headsLeft are the heads of what stays: perhaps with some that are none, where
// snapshots overlap.
func (m *patient) headsLeft(snapshots []snapshotInfo) []chunk.Hash {
	heads := make(map[chunk.Hash]bool)
	for _, info := range snapshots {
		for _, head := range info.heads {
			heads[head] = true
		}
	}
	for _, e := range m.entries {
		if m.aside[e.hash] == 0 && !e.inside {
			heads[e.hash] = true
		}
	}
	for _, e := range m.entries {
		if m.aside[e.hash] == 0 {
			for _, dep := range e.deps {
				delete(heads, dep)
			}
		}
	}
	return slices.SortedFunc(maps.Keys(heads), chunk.Hash.Compare)
}
