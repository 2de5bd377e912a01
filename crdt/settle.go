package crdt

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// Settle has a part hold what counts, from all that is known of it: what stands
// by itself by the membership log and what is below that, and of every fork
// among these the side that more have built on. The rest is set aside, and what
// counts now comes back from there. It returns how many changes went either way.
// There is no harm in calling it again, and none if it is cut short: until it
// has been called, the part holds of every fork the side that came first, and
// what counted by the log before.
//
// Run does it whenever something was set aside for a fork, and whenever the log
// says something else of who may write.
func (s *Store) Settle(ctx context.Context, ref Ref) (moved int, err error) {
	log, ok := s.Log(ref.Space)
	if !ok {
		return 0, fmt.Errorf("settle %s: %w", ref, ErrUnknownSpace)
	}
	moved, err = retryMoved(func() (int, error) { return s.settle(ctx, rightsIn(log, ref)) })
	var back int
	if err == nil {
		back, err = s.readmitJudged(ctx, rightsIn(log, ref))
	}
	if err != nil {
		return 0, fmt.Errorf("settle %s: %w", ref, err)
	}
	return moved + back, nil
}

func (s *Store) settle(ctx context.Context, r rights) (int, error) {
	forked := s.held(r.ref.Space).quarantine.forks(r.ref) != ([16]byte{})
	topples, err := s.topples(r)
	var set []*candidate
	if err == nil && (forked || topples) {
		set, err = s.keptChanges(r.ref)
	}
	if err == nil {
		err = s.restate(r.ref)
	}
	if err != nil || !forked && !topples {
		return 0, err
	}
	m, err := s.examine(r.ref, false)
	if err != nil {
		return 0, err
	}
	m.rights, m.follows = &r, !forked
	if err := s.judgeAll(ctx, m, set, forked); err != nil {
		return 0, err
	}
	if err := s.replace(ctx, m); err != nil {
		return 0, err
	}
	moved := len(m.aside) + len(m.back)
	if moved > 0 {
		s.reportForks(r.log, m)
	}
	if len(m.back) > 0 {
		s.checkups.add(r.ref)
	}
	return moved, nil
}

// judgeAll finds out what of a part counts, and which sides of its forks.
// Snapshots are taken apart only where something in them may not.
func (s *Store) judgeAll(ctx context.Context, m *patient, set []*candidate, forked bool) error {
	all, aside := m.withKept(set)
	fits := m.fitting(all, aside)
	st := m.listen(all, aside, fits)
	excluded := m.excluded(all, fits, st)
	if forked || m.mayBeWithin(excluded) || m.mayBeSaid(set, st) {
		if len(m.base) > 0 {
			if err := s.takeSnapshotsApart(ctx, m); err != nil {
				return err
			}
		}
		m.apart = true
		all, aside = m.withKept(set)
		fits = m.fitting(all, aside)
		st = m.listen(all, aside, fits)
		excluded = m.excluded(all, fits, st)
	}
	verdict := make(map[chunk.Hash]Reason, len(excluded))
	var strands []strand
	for i, e := range all {
		if excluded[e.hash] {
			if verdict[e.hash], _ = st.reason(e.actor, st.voices[i]); verdict[e.hash] == 0 {
				verdict[e.hash] = aside[e.hash].because // it stands, and something below it is missing
			}
		} else if m.apart {
			strands = append(strands, strand{e.hash, e.actor, e.seq, e.deps, aside[e.hash] != nil})
		}
	}
	// Those who do not count have no say in forks either: not everybody has them.
	owner := func(actor chunk.Actor) (space.DeviceID, bool) { return ownerOf(m.rights.log, actor) }
	maps.Copy(verdict, losers(strands, owner))
	m.apply(all, aside, verdict)
	return nil
}

// keptChanges reads what of a part is set aside and may count again. What cannot
// be read any more is reported and passed over: it takes nothing of the document
// with it, and whoever has it gives it again.
func (s *Store) keptChanges(ref Ref) (list []*candidate, err error) {
	return s.asideChanges(ref, Reason.returns)
}

// forkedChanges reads likewise what is set aside for a fork.
func (s *Store) forkedChanges(ref Ref) (list []*candidate, err error) {
	if s.held(ref.Space).quarantine.forks(ref) == ([16]byte{}) {
		return nil, nil
	}
	return s.asideChanges(ref, Reason.forked)
}

func (s *Store) asideChanges(ref Ref, which func(Reason) bool) (list []*candidate, err error) {
	err = s.backend.View(func(r Reader) error {
		return r.Scan(refKey(tableQuarantine, ref), nil, func(key, value []byte) (bool, error) {
			record := new(quarantineRecord)
			err := read(key, value, record)
			if err == nil && (!record.kept() || !which(record.Reason)) {
				return true, nil
			}
			var c *candidate
			if err == nil {
				c, err = s.keptCandidate(key, record)
			}
			if err != nil {
				s.passOver(ref, key, err)
				return true, nil
			}
			list = append(list, c)
			return true, nil
		})
	})
	return list, err
}

// passOver tells, once, of a record in quarantine that cannot be read, and
// counts it no longer among what is held.
func (s *Store) passOver(ref Ref, key []byte, wrong error) {
	hash := key[len(refKey(tableQuarantine, ref)):]
	if len(hash) != len(chunk.Hash{}) {
		return // it was never counted, and Open has told of it
	}
	q := s.held(ref.Space).quarantine
	q.mu.Lock()
	counted := q.forget(ref, chunk.Hash(hash))
	q.mu.Unlock()
	if counted {
		s.reportFound([]Finding{findingOf(key, wrong)})
	}
}

// restate has a part say what of it is set aside for a fork, where some of that
// was lost: others who compare what they hold with it find out, and give it again.
func (s *Store) restate(ref Ref) error {
	p := s.cache.acquire(ref)
	defer s.cache.release(p)
	if err := s.backend.View(p.load); err != nil {
		return err
	}
	forks := s.held(ref.Space).quarantine.forks(ref)
	if forks == p.state.Forks {
		return nil
	}
	var next advance
	err := s.committer.commit(1, func(first uint64) commit {
		next = p.advance(nil, first, Local, forks)
		return commit{final: next.stateOps(ref), moves: []Move{{Position: first, Ref: ref, Origin: Local, Time: s.now()}}}
	})
	if err != nil {
		p.loaded = false
		return err
	}
	clean := p.clean // nothing was swept away with it
	p.adopt(next)
	p.clean = clean
	s.noteMoved(p)
	return nil
}

// signature is the one that a refused change came with, nil if there was none.
func (r *quarantineRecord) signature() *Signature {
	if len(r.Sig) != len(Signature{}.Sig) || len(r.Device) != len(space.DeviceID{}) || len(r.Hash) != len(chunk.Hash{}) {
		return nil
	}
	return &Signature{
		Actor: chunk.Actor(r.Actor), Seq: r.Signed, Hash: chunk.Hash(r.Hash),
		Device: space.DeviceID(r.Device), Sig: [64]byte(r.Sig),
	}
}

// withKept are all changes of a part, those that are set aside among them,
// ancestors first.
func (m *patient) withKept(set []*candidate) (all []patientItem, aside map[chunk.Hash]*candidate) {
	aside, m.stale = make(map[chunk.Hash]*candidate, len(set)), nil
	here := make(map[chunk.Hash]bool, len(m.entries)+len(set))
	for _, e := range m.entries {
		here[e.hash] = true
	}
	b := &batch{byHash: make(map[chunk.Hash]int)}
	for _, c := range set {
		if here[c.Hash] {
			m.stale = append(m.stale, c)
		} else {
			b.byHash[c.Hash] = len(b.changes)
			b.changes = append(b.changes, c)
		}
	}
	b.order()
	all = slices.Clone(m.entries)
	for _, c := range b.changes {
		aside[c.Hash] = c
		item := patientItem{looseEntry: newLooseEntry(c.Change, 0, 0, c.record.Origin), raw: c.Raw}
		item.signed = c.signed
		all = append(all, item)
	}
	return all, aside
}

// beyond is above every position that a part has.
const beyond = 1 << 62

// apply takes out what does not count and puts in what does.
func (m *patient) apply(all []patientItem, aside map[chunk.Hash]*candidate, verdict map[chunk.Hash]Reason) {
	inside := false
	m.entries = nil
	position := uint64(beyond)
	for _, e := range all {
		c := aside[e.hash]
		switch reason := verdict[e.hash]; {
		case reason != 0 && c == nil:
			m.aside[e.hash] = reason
			inside = inside || e.inside
		case reason != 0:
			// Of a fork, too, everybody is to say the same, whichever side was here
			// first.
			if c.because.forked() != reason.forked() || reason.forked() && c.because != reason {
				c.because = reason
				m.turned = append(m.turned, c)
			}
			continue // it stays where it is
		case c != nil:
			// After all that was there, as it may build on any of it.
			position++
			e.position = position
			m.back = append(m.back, c)
		}
		m.entries = append(m.entries, e)
		if record := m.vouched[e.actor]; m.aside[e.hash] == 0 && e.seq > record.Seq {
			m.vouched[e.actor] = actorRecord{Seq: e.seq, Hash: e.hash, Position: max(1, e.position)}
		}
	}
	// What goes there again is to be found there.
	m.stale = slices.DeleteFunc(m.stale, func(c *candidate) bool { return m.aside[c.Hash] != 0 })
	m.apart = inside // otherwise the snapshots can stay as they are
}

// noteForks sees to it that a part is settled, since more is known of its forks
// now, and that people hear of it. It also notices that somebody else writes as
// this device does: a copy of its data, or this device itself before its data
// was put back. From then on it writes under other numbers. The part is locked.
func (s *Store) noteForks(b *batch, forks [16]byte) {
	if b.origin != Local && slices.ContainsFunc(b.changes, func(c *candidate) bool { return s.isOurs(b.ref, c) }) {
		s.report(Incident{Kind: IncidentCopied, Ref: b.ref, Device: s.device, Detail: "somebody else writes as this device does"})
		if err := s.FreshLeases(); err != nil {
			s.log.Error("this device may write as a copy of it does", "error", err)
		}
	}
	if forks == ([16]byte{}) {
		return
	}
	s.forks.add(b.ref)
	log, _ := s.Log(b.ref.Space)
	count := make(map[chunk.Actor]int)
	for _, c := range b.changes {
		if c.fate == lost && !c.known {
			count[c.Actor]++
		}
	}
	for actor, n := range count {
		device, _ := ownerOf(log, actor)
		s.report(Incident{
			Kind: IncidentFork, Ref: b.ref, Device: device, Actor: actor, Count: n,
			Detail: fmt.Sprintf("%d changes that came were set aside for a fork", n),
		})
	}
}

// isOurs reports whether a change that came from elsewhere is new here, and
// written as this device would write next.
func (s *Store) isOurs(ref Ref, c *candidate) bool {
	if c.fate != accept && c.fate != lost || c.known || c.kept || c.signed == nil || c.reason != 0 || c.signed.Device != s.device {
		return false
	}
	own := space.ActorFor(ref.Space, s.device, 0)
	prefix, ok := space.ActorOwner([]byte(c.Actor))
	return ok && prefix == [16]byte(own[:16]) && s.leases.current(c.Actor)
}

// reportForks tells of a fork that was decided: whose changes do not count any
// more, or not yet.
func (s *Store) reportForks(log *space.Log, m *patient) {
	type whose struct {
		device space.DeviceID
		actor  chunk.Actor
	}
	count := make(map[whose]int)
	for _, e := range m.entries {
		if m.aside[e.hash].forked() {
			device, _ := ownerOf(log, e.actor)
			count[whose{device, e.actor}]++
		}
	}
	for who, n := range count {
		s.report(Incident{
			Kind: IncidentFork, Ref: m.ref, Device: who.device, Actor: who.actor, Count: n,
			Detail: fmt.Sprintf("%d changes were set aside for the other side of a fork, %d came back", n, len(m.back)),
		})
	}
}

// forkQueue are the parts whose forks are to be settled.
type forkQueue struct {
	more chan struct{} // capacity 1: there is something to do

	mu   sync.Mutex
	due  map[Ref]bool
	rest map[Ref]time.Time // until when a part is left alone, since settling it takes long
}

func newForkQueue() *forkQueue {
	return &forkQueue{more: make(chan struct{}, 1), due: make(map[Ref]bool), rest: make(map[Ref]time.Time)}
}

func (q *forkQueue) add(ref Ref) {
	q.mu.Lock()
	q.due[ref] = true
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// take hands out a part whose turn it is.
func (q *forkQueue) take(now time.Time) (Ref, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for ref := range q.due {
		if now.After(q.rest[ref]) {
			delete(q.due, ref)
			delete(q.rest, ref)
			return ref, true
		}
	}
	return Ref{}, false
}

func (q *forkQueue) leave(ref Ref, until time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.rest[ref] = until
}

// settleForks settles the parts whose turn it is. Somebody who makes forks on
// purpose keeps no machine busy: a part that took long is left alone for long.
func (s *Store) settleForks(ctx context.Context) {
	for ref, ok := s.forks.take(s.now()); ok && ctx.Err() == nil; ref, ok = s.forks.take(s.now()) {
		began := s.now()
		_, err := s.Settle(ctx, ref)
		ended := s.now()
		rest := restFactor * ended.Sub(began)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("a fork could not be settled", "ref", ref, "error", err)
			rest = max(rest, s.housekeeping)
			s.forks.add(ref)
		}
		s.forks.leave(ref, ended.Add(rest))
	}
}
