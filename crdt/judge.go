package crdt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// topples reports whether something of a part does not count by the membership
// log as it is now. Something that does not, and is in the part because it did,
// has a head above it or is one that does not stand by itself; and a head is
// its actor's newest change.
func (s *Store) topples(r rights) (topples bool, err error) {
	err = s.withPart(r.ref, func(p *part, _ Reader) error {
		for actor, record := range p.actors {
			// One that only something vouches for which is set aside has no
			// signature at hand: that is looked at as if it did not stand.
			isHead := slices.Contains(p.state.Heads, record.Hash)
			topples = topples || isHead && r.fault(actor, record.Seq, record.Device) != 0
		}
		return nil
	})
	return topples, err
}

// excluded are the changes that do not count: they do not stand by themselves,
// and nothing above them does. What was aside counts only with all that it
// builds on, its actor's earlier change among that.
func (m *patient) excluded(all []patientItem, fits []bool, st *standing) map[chunk.Hash]bool {
	at := indexOf(all)
	counts := make([]bool, len(all))
	excluded := make(map[chunk.Hash]bool)
	for i := len(all) - 1; i >= 0; i-- {
		e := all[i]
		if !fits[i] || !counts[i] && !st.stands(e.actor, e.seq, st.voices[i]) {
			excluded[e.hash] = true
			continue
		}
		for _, dep := range e.deps {
			if below, ok := at[dep]; ok {
				counts[below] = true
			}
		}
	}
	return excluded
}

func indexOf(all []patientItem) map[chunk.Hash]int {
	at := make(map[chunk.Hash]int, len(all))
	for i, e := range all {
		at[e.hash] = i
	}
	return at
}

// fitting says which changes have all below them that they build on.
func (m *patient) fitting(all []patientItem, aside map[chunk.Hash]*candidate) []bool {
	at := indexOf(all)
	fits := make([]bool, len(all))
	chain := chain{all: all, at: at}
	for i, e := range all {
		c := aside[e.hash]
		fits[i] = c == nil || !slices.ContainsFunc(e.deps, func(dep chunk.Hash) bool {
			below, ok := at[dep]
			return !ok || !fits[below]
		}) && (c.because.forked() || chain.holds(i))
	}
	return fits
}

// listen finds out what all signatures of a part are worth that are known. Of a
// snapshot that was not taken apart, those of its newest changes are.
func (m *patient) listen(all []patientItem, aside map[chunk.Hash]*candidate, fits []bool) *standing {
	at := indexOf(all)
	list := make([]saying, 0, len(all))
	for i, e := range all {
		said := saying{actor: e.actor, seq: e.seq}
		for _, dep := range e.deps {
			if below, ok := at[dep]; ok {
				said.below = append(said.below, below)
			}
		}
		if e.signed != nil && fits[i] {
			said.by, said.heard = e.signed.Device, true
		}
		list = append(list, said)
	}
	if !m.apart {
		for _, info := range m.view.snapshots {
			for _, signature := range info.signatures {
				if _, ok := at[signature.Hash]; !ok {
					list = append(list, saying{actor: signature.Actor, seq: signature.Seq, by: signature.Device, heard: true})
				}
			}
		}
	}
	chained(list, func(i int) bool { return i >= len(all) || aside[all[i].hash] == nil })
	return m.rights.standing(list)
}

// chain finds actors' earlier changes among the ancestors of their later ones.
type chain struct {
	all []patientItem
	at  map[chunk.Hash]int
}

// holds reports whether a change has its actor's earlier one below it.
func (c chain) holds(i int) bool {
	e := c.all[i]
	if e.seq == 1 {
		return true
	}
	seen := make(map[int]bool)
	for next := []int{i}; len(next) > 0 && len(seen) < maxFollowed; next = next[1:] {
		for _, dep := range c.all[next[0]].deps {
			below, ok := c.at[dep]
			if !ok || seen[below] {
				continue
			}
			if other := c.all[below]; other.actor == e.actor && other.seq == e.seq-1 {
				return true
			}
			seen[below] = true
			next = append(next, below)
		}
	}
	return false
}

// mayBeWithin reports whether something in the snapshots may not count, as far
// as can be seen without taking them apart, or is to go that lies in one.
func (m *patient) mayBeWithin(excluded map[chunk.Hash]bool) bool {
	covered := make(map[chunk.Hash]bool)
	for _, e := range m.entries {
		if excluded[e.hash] {
			if slices.ContainsFunc(m.view.snapshots, func(info snapshotInfo) bool { return info.vector[e.actor] >= e.seq }) {
				return true
			}
			continue
		}
		covered[e.hash] = true
		for _, dep := range e.deps {
			covered[dep] = true
		}
	}
	for _, info := range m.view.snapshots {
		for _, signature := range info.signatures {
			if m.rights.fault(signature.Actor, signature.Seq, signature.Device) == 0 {
				covered[signature.Hash] = true
			}
		}
		if slices.ContainsFunc(info.heads, func(head chunk.Hash) bool { return !covered[head] }) {
			return true
		}
	}
	return false
}

// mayBeSaid reports whether something that is set aside may stand, or speak for
// what lies in a snapshot, as far as can be seen without taking those apart.
func (m *patient) mayBeSaid(set []*candidate, st *standing) bool {
	return slices.ContainsFunc(set, func(c *candidate) bool {
		if st.of(c.Actor).owned {
			return st.stands(c.Actor, c.Seq, voice{})
		}
		return c.signed != nil && st.worth(c.signed.Device) != nothing
	})
}

// readmitJudged takes back what is in quarantine and stands by itself now, with
// what it builds on there. It is appended, so that nobody has to read the
// document anew.
func (s *Store) readmitJudged(ctx context.Context, r rights) (int, error) {
	q := s.held(r.ref.Space).quarantine
	hashes := q.standing(r)
	if len(hashes) == 0 {
		return 0, nil
	}
	b := s.inspect(r.ref, Bundle{}, Peer, space.DeviceID{})
	if err := s.readKept(b, q, hashes); err != nil {
		return 0, err
	}
	b.order()
	receipt, err := s.appendChanges(ctx, r.log, b)
	return receipt.Accepted, err
}

// Judge has all parts of a space hold what counts by its membership log, as Run
// does whenever that says something else of who may write. What was done before
// it was cut short, by its context or the loss of power, need not be done again.
func (s *Store) Judge(ctx context.Context, id space.ID) error {
	held := s.held(id)
	if held == nil || held.gone.Load() {
		return fmt.Errorf("judge %s: %w", id, ErrUnknownSpace)
	}
	held.judging.Lock()
	defer held.judging.Unlock()
	for {
		digest := held.log.RightsDigest()
		if digest == held.judged {
			return nil
		}
		if err := s.judgeParts(ctx, id); err != nil {
			return fmt.Errorf("judge %s: %w", id, err)
		}
		if err := s.write([]Op{{Key: judgedKey(id), Value: digest[:]}}); err != nil {
			return fmt.Errorf("judge %s: %w", id, err)
		}
		held.judged = digest
	}
}

// judgeParts judges what people look at before anything else. A part that
// cannot be judged keeps none of the others waiting.
func (s *Store) judgeParts(ctx context.Context, id space.ID) error {
	// Of some nothing has ever counted, or nothing does any more.
	refs := slices.Concat(s.Refs(id), s.held(id).quarantine.judgedParts())
	slices.SortFunc(refs, compareRefs)
	refs = slices.Compact(refs)
	shown := s.vetting.shownParts()
	slices.SortStableFunc(refs, func(a, b Ref) int {
		switch {
		case shown[a] == shown[b]:
			return 0
		case shown[a]:
			return -1
		}
		return 1
	})
	var failed []error
	for _, ref := range refs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if moved, err := s.Settle(ctx, ref); err != nil {
			failed = append(failed, err)
		} else if moved > 0 {
			s.log.Info("changes count, or do not any more, by who may write now", "ref", ref, "changes", moved)
		}
	}
	return errors.Join(failed...)
}

// judgeQueue are the spaces whose parts are to be judged anew.
type judgeQueue struct {
	more chan struct{} // capacity 1: there is something to do

	mu   sync.Mutex
	due  map[space.ID]bool
	rest map[space.ID]time.Time // until when one of which some part could not be judged is left alone
}

func newJudgeQueue() *judgeQueue {
	return &judgeQueue{more: make(chan struct{}, 1), due: make(map[space.ID]bool), rest: make(map[space.ID]time.Time)}
}

func (q *judgeQueue) add(id space.ID) {
	q.mu.Lock()
	q.due[id] = true
	delete(q.rest, id)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// take hands out a space whose turn it is.
func (q *judgeQueue) take(now time.Time) (space.ID, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for id := range q.due {
		if !now.Before(q.rest[id]) {
			delete(q.due, id)
			delete(q.rest, id)
			return id, true
		}
	}
	return space.ID{}, false
}

// again has a space judged once more, after a while.
func (q *judgeQueue) again(id space.ID, at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.due[id] {
		q.due[id], q.rest[id] = true, at
	}
}

// judge judges spaces until ctx ends. It does so beside what else Run does:
// whoever was removed is not to be read because something is compacted.
func (s *Store) judge(ctx context.Context) {
	tick := time.NewTicker(s.housekeeping)
	defer tick.Stop()
	for {
		for id, ok := s.judging.take(s.now()); ok && ctx.Err() == nil; id, ok = s.judging.take(s.now()) {
			began := s.now()
			err := s.Judge(ctx, id)
			if err == nil || errors.Is(err, ErrClosed) || errors.Is(err, ErrUnknownSpace) {
				continue
			}
			ended := s.now()
			s.judging.again(id, ended.Add(max(s.housekeeping, restFactor*ended.Sub(began))))
			if ctx.Err() == nil {
				s.log.Warn("not all documents could be judged by the membership log", "space", id, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-s.judging.more:
		case <-tick.C:
		}
	}
}

// readJudged reads by which rights the parts of a space were judged last.
func readJudged(r Reader, id space.ID) (judged [32]byte, err error) {
	value, err := r.Get(judgedKey(id))
	if errors.Is(err, ErrNotFound) {
		return judged, nil
	}
	if err == nil && len(value) == len(judged) {
		judged = [32]byte(bytes.Clone(value))
	}
	return judged, err
}
