package crdt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"parley/crdt/chunk"
)

// ailing are the parts of which something cannot be read. Until they are
// healed, nothing is appended to them: what looks like a leftover may be
// somebody's work.
type ailing struct {
	more chan struct{} // capacity 1: there may be something to heal

	mu    sync.Mutex
	refs  map[Ref]bool
	tried map[Ref]bool // since the store was opened
}

func newAiling() *ailing {
	return &ailing{more: make(chan struct{}, 1), refs: make(map[Ref]bool), tried: make(map[Ref]bool)}
}

// add notes a part, and asks for it to be healed, if that was not tried yet.
func (a *ailing) add(ref Ref) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tried[ref] {
		return
	}
	a.refs[ref] = true
	select {
	case a.more <- struct{}{}:
	default:
	}
}

// again has a part healed also if that was tried.
func (a *ailing) again(ref Ref) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.tried, ref)
	a.refs[ref] = true
}

func (a *ailing) has(ref Ref) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refs[ref]
}

func (a *ailing) untried() (refs []Ref) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for ref := range a.refs {
		if !a.tried[ref] {
			refs = append(refs, ref)
			a.tried[ref] = true
		}
	}
	return refs
}

func (a *ailing) healed(ref Ref) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.refs, ref)
}

func (a *ailing) none() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.refs) == 0
}

// noteDamage has a part healed that could not be read.
func (s *Store) noteDamage(ref Ref, err error) {
	if errors.Is(err, ErrDamaged) && !s.ailing.has(ref) {
		s.log.Warn("something of a document cannot be read", "ref", ref, "error", err)
		s.ailing.add(ref)
	}
}

// Heal makes the parts whole again of which something cannot be read, without
// what cannot be read: that is put where nobody looks for it, and what the part
// says it holds becomes what it does hold, so that other members send the rest
// again. Leases begin afresh before that: those members may hold changes of this
// device that are lost here, whose numbers must not be given to others. It may
// be called at any time, and returns at once when nothing is the matter. Parts
// that could not be healed stay as they are, and are not tried again until the
// store is opened again; the error says which.
func (s *Store) Heal(ctx context.Context) error {
	refs := s.ailing.untried()
	if len(refs) == 0 {
		return s.trust()
	}
	if err := s.FreshLeases(); err != nil {
		for _, ref := range refs {
			s.ailing.again(ref)
		}
		return fmt.Errorf("heal: %w", err)
	}
	var failed []error
	for _, ref := range refs {
		if err := s.heal(ctx, ref); err != nil {
			failed = append(failed, fmt.Errorf("heal %s: %w", ref, err))
		}
	}
	return errors.Join(append(failed, s.trust())...)
}

// trust ends the suspicion that more of the store was lost, once all parts are
// whole.
func (s *Store) trust() error {
	if !s.ailing.none() || !s.suspect.Load() {
		return nil
	}
	s.suspect.Store(false)
	return s.writeBlobOps([]Op{{Key: suspectKey}})
}

func (s *Store) heal(ctx context.Context, ref Ref) error {
	if s.held(ref.Space) == nil {
		return ErrUnknownSpace
	}
	before, moved, err := s.strip(ref)
	if err != nil {
		return err
	}
	var removed int
	for range 3 {
		if removed, err = s.rebuild(ctx, ref, nil, true); !errors.Is(err, errMovedOn) {
			break
		}
	}
	if err != nil {
		return err
	}
	s.ailing.healed(ref)
	s.log.Warn("a document of which something could not be read was made whole without it",
		"ref", ref, "records", moved, "removed", removed)
	s.report(Incident{Kind: IncidentDamaged, Ref: ref, Count: max(1, moved), Detail: fmt.Sprintf("healed, position %d before", before)})
	return nil
}

// Repair does what can be done about findings of Examine: parts are healed, and
// other records that cannot be read are put where nobody looks for them. What
// is wrong with a membership log or with a space stays as it is, and is put
// right by what other members send.
func (s *Store) Repair(ctx context.Context, found []Finding) error {
	var ops []Op
	err := s.backend.View(func(r Reader) (err error) {
		for _, f := range found {
			switch f.About {
			case AboutStore, AboutSpace, AboutEntry:
			case AboutPart, AboutActor, AboutChange, AboutSnapshot:
				s.ailing.again(f.Ref)
			default:
				if ops, err = moveAside(r, f.Key, ops); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil && len(ops) > 0 {
		err = s.committer.commit(0, func(uint64) commit { return commit{staged: ops} })
	}
	if err == nil {
		err = s.Heal(ctx)
	}
	if err != nil {
		return fmt.Errorf("repair: %w", err)
	}
	return nil
}

// strip moves what cannot be read of a part to where nobody looks for it, and
// the part's state with it, so that the state is worked out anew.
func (s *Store) strip(ref Ref) (position uint64, moved int, err error) {
	p := s.cache.acquire(ref)
	defer s.cache.release(p)
	p.loaded = false
	var ops []Op
	err = s.backend.View(func(r Reader) error {
		state, err := readState(r, ref)
		if err == nil {
			position = state.Position
		} else if !errors.Is(err, ErrDamaged) {
			return err
		}
		unreadable, err := unreadableOf(r, ref, s.limits)
		if err != nil {
			return err
		}
		moved = len(unreadable)
		for _, key := range unreadable {
			if ops, err = moveAside(r, key, ops); err != nil {
				return err
			}
		}
		for _, kind := range chunkKinds {
			if state.Bottom > 0 {
				if ops, err = deleteAll(r, kindKey(ref, kind), nil, positionedKey(ref, kind, state.Bottom+1), ops); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	// A state that is there and says nothing: who comes to it, be it after the
	// loss of power, works it out anew.
	ops = append(ops, Op{Key: stateKey(ref), Value: []byte{}})
	return position, moved, s.committer.commit(0, func(uint64) commit { return commit{staged: ops} })
}

// moveAside moves a record to a key that nothing else has.
func moveAside(r Reader, key []byte, ops []Op) ([]Op, error) {
	value, err := r.Get(key)
	if err != nil {
		return nil, err
	}
	return append(ops, Op{Key: asideKey(key), Value: value}, Op{Key: key}), nil
}

// unreadableOf lists the keys of a part's records that cannot be read, or are
// of no use without one that cannot.
func unreadableOf(r Reader, ref Ref, limits chunk.Limits) (keys [][]byte, err error) {
	snapshots := make(map[uint64]error)
	err = r.Scan(refKey(tableDocuments, ref), nil, func(key, value []byte) (bool, error) {
		wrong := checkRecord(key, value, limits)
		if _, position, ok := positioned(key); ok && (kindOf(key) == kindSnapshot || kindOf(key) == kindRaw) {
			if _, known := snapshots[position]; !known {
				if snapshots[position], err = examineSnapshot(r, ref, position, limits); err != nil {
					return false, err
				}
			}
			wrong = snapshots[position]
		}
		if wrong != nil {
			keys = append(keys, bytes.Clone(key))
		}
		return true, nil
	})
	return keys, err
}

// MarkSuspect has the next Open of a store look at every record, and begin
// leases afresh: some of what the backend held was lost, and nobody knows what
// it was.
func MarkSuspect(b Backend) error { return b.Write([]Op{numberOp(suspectKey, 1)}) }
