package crdt

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"parley/space"
)

// Spaces returns the spaces that are on this device, sorted.
func (s *Store) Spaces() []space.ID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	ids := make([]space.ID, 0, len(s.spaces))
	for id, held := range s.spaces {
		if !held.gone.Load() {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b space.ID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

// Log returns the membership log of a space. It is for reading: entries are
// added by AddEntries, which makes them durable.
func (s *Store) Log(id space.ID) (*space.Log, bool) {
	held := s.held(id)
	if held == nil || held.gone.Load() {
		return nil, false
	}
	return held.log, true
}

// CreateSpace puts a space on this device, by its founding entry and any
// number of further ones, in any order. All become durable together. If the
// space is here already, the entries are added to it.
func (s *Store) CreateSpace(ctx context.Context, entries ...[]byte) (*space.Log, error) {
	log, err := space.Open(entries)
	if err != nil {
		return nil, fmt.Errorf("create space: %w", err)
	}
	return s.KeepSpace(ctx, log)
}

// KeepSpace is CreateSpace for a log that has been opened, and so checked,
// already. The store takes it over: the caller adds nothing to it.
func (s *Store) KeepSpace(ctx context.Context, log *space.Log) (*space.Log, error) {
	id := log.ID()
	s.creating.Lock()
	defer s.creating.Unlock()
	if held := s.held(id); held != nil && held.gone.Load() {
		if err := s.recall(id); err != nil {
			return nil, fmt.Errorf("create space: %w", err)
		}
	} else if held != nil {
		if _, _, err := s.AddEntries(ctx, id, log.Entries()); err != nil {
			return nil, fmt.Errorf("create space: %w", err)
		}
		return held.log, nil
	}
	if next, ok := s.unopened(id); ok {
		held, err := s.readmit(id, next, log.Entries())
		if err != nil {
			return nil, fmt.Errorf("create space: %w", err)
		}
		return held.log, nil
	}
	held := &heldSpace{
		log:        log,
		directory:  new(directory),
		quarantine: newQuarantine(),
	}
	if err := s.writeEntries(held, id, log.Entries(), func() { s.hold(id, held) }); err != nil {
		return nil, fmt.Errorf("create space: %w", err)
	}
	return log, nil
}

// AddEntries adds entries, in any order and any number of times, to a space's
// membership log: they are durable when it returns. It returns those that are
// new and the hashes of parents that are missing; entries above these were
// not added. It fails with ErrUnknownSpace, or with what space.Log.Add fails
// with if any entry was refused, the others being added all the same.
func (s *Store) AddEntries(_ context.Context, id space.ID, raw [][]byte) (added []space.Entry, missing []space.Hash, err error) {
	held := s.held(id)
	if held == nil {
		return nil, nil, fmt.Errorf("add entries: %w", ErrUnknownSpace)
	}
	held.mu.Lock()
	defer held.mu.Unlock()
	if held.gone.Load() {
		return nil, nil, fmt.Errorf("add entries: %w", ErrUnknownSpace)
	}
	fresh, missing, refused := held.log.Check(raw...)
	if len(fresh) > 0 {
		entries := make([][]byte, len(fresh))
		for i, e := range fresh {
			entries[i] = e.Raw
		}
		if err := s.writeEntries(held, id, entries, func() { held.log.Insert(fresh) }); err != nil {
			return nil, missing, fmt.Errorf("add entries: %w", err)
		}
		// Who belongs to the space decides what counts, and who has a say in its
		// forks.
		s.judging.add(id)
	}
	if refused != nil {
		refused = fmt.Errorf("add entries: %w", refused)
	}
	return fresh, missing, refused
}

// writeEntries makes entries durable, then visible by apply, then rings the
// bell.
func (s *Store) writeEntries(held *heldSpace, id space.ID, entries [][]byte, apply func()) error {
	err := s.committer.commit(1, func(first uint64) commit {
		made := commit{apply: apply, moves: []Move{{Position: first, Ref: Ref{Space: id}, Time: s.now()}}}
		for i, raw := range entries {
			made.staged = append(made.staged, Op{Key: entryKey(id, held.number+uint32(i)), Value: raw})
		}
		if held.number == 0 {
			// Without its founding entry there is no space, should the rest
			// not fit into one write.
			made.final, made.staged = made.staged[:1], made.staged[1:]
		}
		return made
	})
	if err == nil {
		held.number += uint32(len(entries))
	}
	return err
}

// unopened says that something of a space is here that could not be opened,
// and which number its next entry can have.
func (s *Store) unopened(id space.ID) (next uint32, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	next, ok = s.closed[id]
	return next, ok
}

func (s *Store) hold(id space.ID, held *heldSpace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.closed, id)
	s.spaces[id] = held
	s.judging.add(id)
}
