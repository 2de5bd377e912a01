package crdt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// Append is the one door: it parses, authenticates and authorises a bundle,
// orders it by dependencies, makes it durable, and rings the bell. What it
// reports as accepted survives the loss of power. It may be repeated; what is
// known already costs little. Changes whose dependencies are neither here nor
// in the bundle are not stored, and the receipt names what is missing. What
// is refused is quarantined, and the receipt says why: that is not an error.
// What does not count by the membership log as it is now is quarantined too,
// and comes out of there with whatever builds on it that counts.
//
// from is the device that the bundle came from. Append fails with
// ErrUnknownSpace, ErrPart or ErrClosed, with ErrTooMany if it brings changes
// of more than some 1,500 authors, when the disk fails, and when the
// materializer, in the rare cases it has to be asked, cannot answer; then
// nothing, or in the last case perhaps some snapshots, was stored.
func (s *Store) Append(ctx context.Context, ref Ref, bundle Bundle, origin Origin, from space.DeviceID) (Receipt, error) {
	log, ok := s.Log(ref.Space)
	if !ok {
		return Receipt{}, fmt.Errorf("append to %s: %w", ref, ErrUnknownSpace)
	}
	if !ref.Part.Valid() {
		return Receipt{}, fmt.Errorf("append to %s: %w", ref, ErrPart)
	}
	b := s.inspect(ref, bundle, origin, from)
	accepted, err := s.appendSnapshots(ctx, log, b, bundle)
	if err == nil {
		err = s.skipDuplicates(b)
	}
	var receipt Receipt
	if err == nil {
		receipt, err = s.appendChanges(ctx, log, b)
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("append to %s: %w", ref, err)
	}
	receipt.Accepted += accepted
	return receipt, nil
}

// appendChanges judges the changes of a batch and stores what counts.
func (s *Store) appendChanges(ctx context.Context, log *space.Log, b *batch) (Receipt, error) {
	for {
		b.authorise(rightsIn(log, b.ref))
		if err := s.fetchKept(b); err != nil {
			return Receipt{}, err
		}
		receipt, err := s.appendJudged(ctx, b)
		if !errors.Is(err, errRights) {
			return receipt, err
		}
	}
}

func (s *Store) appendJudged(ctx context.Context, b *batch) (Receipt, error) {
	for {
		receipt, questions, err := s.tryAppend(b)
		if err == nil && questions != nil {
			if err = s.ask(ctx, b, questions); harmful(err) {
				err = s.blame(ctx, b, questions, err)
			}
		}
		if err != nil || questions == nil {
			return receipt, err
		}
	}
}

// errRights is what is judged by a membership log fails with that says
// something else by now. Judge again.
var errRights = errors.New("the membership log says something else by now")

// skipDuplicates finds what is here already, so that its signatures need not
// be checked again.
func (s *Store) skipDuplicates(b *batch) error {
	if len(b.changes) == 0 {
		return nil
	}
	return s.withPart(b.ref, func(p *part, r Reader) error {
		for _, c := range b.changes {
			if err := s.recognise(p, r, b, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// recognise tells duplicates and forks of what is stored from what is new. A
// change whose number lies in a snapshot is presumed to be the one in there
// until the materializer has looked.
func (s *Store) recognise(p *part, r Reader, b *batch, c *candidate) error {
	why := s.held(b.ref.Space).quarantine.why(b.ref, c.Hash)
	if why.forked() {
		c.loses(ReasonForked)
		c.known = true
		return nil
	}
	c.kept = c.kept || why.judged()
	newest := p.actors[c.Actor]
	if c.Seq > newest.Seq {
		return nil
	}
	inside, asked := b.inside[c.Hash]
	if c.Hash == newest.Hash || p.inside[c.Hash] || inside {
		c.fate = duplicate
		return nil
	}
	index, err := p.index(r, s.limits)
	if err != nil {
		return err
	}
	if index.find(c.Hash) != nil {
		c.fate = duplicate
		return nil
	}
	if asked || c.Seq == newest.Seq || index.at(c.Actor, c.Seq) != nil {
		c.loses(ReasonFork) // until Settle has looked
		return nil
	}
	c.fate = presumed
	return nil
}

// tryAppend stores the batch, or says what has to be found out first.
func (s *Store) tryAppend(b *batch) (receipt Receipt, open *questions, err error) {
	p := s.cache.acquire(b.ref)
	defer s.cache.release(p)
	plan := plan{
		presumed: make(Vector), unknown: make(map[chunk.Hash]bool), below: make(map[chunk.Hash]bool),
		unchained: make(map[chunk.Actor]chunk.Signed), provisional: make(map[number]bool),
	}
	err = s.backend.View(func(r Reader) error {
		if err := p.load(r); err != nil {
			return err
		}
		if !b.rights.hold() {
			// Whoever judges the part anew because of that finds what is stored
			// now, or has been there.
			return errRights
		}
		p.remember(b.inside)
		if err := s.weigh(p, r, b, &plan); err != nil {
			return err
		}
		if plan.open() {
			if p.state.Forks != ([16]byte{}) || b.losesAny() {
				// One that is taken for accepted by now may be on another side:
				// the materializer must not meet it.
				maps.Copy(plan.below, plan.unknown)
				clear(plan.unknown)
			}
			open = &questions{presumed: p.below(plan.presumed), inside: plan.unknown, below: plan.below, chained: plan.unchained}
			for _, c := range b.changes {
				if c.fate == accept {
					open.changes = append(open.changes, c.Raw)
				}
			}
			open.stored, err = readChunks(r, p.view())
			return err
		}
		if !p.clean {
			plan.leftovers, err = p.leftovers(r)
		}
		return err
	})
	if err != nil || open != nil {
		return Receipt{}, open, err
	}
	b.settle()
	receipt, err = s.store(p, b, &plan)
	return receipt, nil, err
}

// plan is what weighing a batch against the part comes to.
type plan struct {
	presumed  Vector // each actor's first
	unknown   map[chunk.Hash]bool
	below     map[chunk.Hash]bool
	unchained map[chunk.Actor]chunk.Signed
	// provisional are those taken for accepted while there are questions.
	provisional map[number]bool
	leftovers   []Op
}

// below is the part's vector, but for the actors given just below their
// numbers; nil if none are.
func (p *part) below(numbers Vector) Vector {
	if len(numbers) == 0 {
		return nil
	}
	v := p.vector()
	for actor, seq := range numbers {
		v[actor] = seq - 1
	}
	return v
}

func (p *plan) open() bool { return len(p.presumed)+len(p.unknown)+len(p.below)+len(p.unchained) > 0 }

// weigh decides for every candidate, by itself, whether it fits on top of
// what is stored.
func (s *Store) weigh(p *part, r Reader, b *batch, plan *plan) error {
	clear(b.missing)
	clear(plan.provisional)
	reach := make(map[chunk.Actor]reached)
	for at, c := range b.changes {
		c.fate = undecided
		if err := s.recognise(p, r, b, c); err != nil {
			return err
		}
		if c.fate != duplicate && !c.looked {
			return errRights // it was a duplicate, and was taken out since
		}
		if c.fate == presumed {
			if first, ok := plan.presumed[c.Actor]; !ok || c.Seq < first {
				plan.presumed[c.Actor] = c.Seq
			}
		}
		if c.fate != undecided && c.fate != lost || c.known {
			continue
		}
		if reason := s.unwanted(b, c.Hash); reason != 0 {
			c.fate, c.because = refuse, reason
			continue
		}
		if err := s.resolve(p, r, b, at, plan); err != nil {
			return err
		}
		if c.fate != undecided {
			continue // or, while there are questions, provisionally accepted
		}
		before, ok := reach[c.Actor]
		if !ok {
			before = reached{seq: p.actors[c.Actor].Seq, at: -1}
		}
		switch {
		case c.Seq <= before.seq:
			c.loses(ReasonFork) // to another one of the batch
			continue
		case c.Seq > before.seq+1:
			c.fate, c.because = refuse, ReasonSequence
			continue
		}
		answer, err := s.follows(p, r, b, at, before.at)
		if err != nil {
			return err
		}
		switch answer {
		case no:
			c.fate, c.because = refuse, ReasonSequence
			continue
		case unknown:
			plan.unchained[c.Actor] = chunk.Signed{Hash: c.Hash, Seq: c.Seq}
		}
		c.fate = accept
		plan.provisional[number{c.Actor, c.Seq}] = true
		reach[c.Actor] = reached{seq: c.Seq, at: at}
	}
	return nil
}

// unwanted is the reason for which a change is refused without looking, or 0.
func (s *Store) unwanted(b *batch, hash chunk.Hash) Reason {
	if reason := b.unwanted[hash]; reason != 0 {
		return reason
	}
	return s.held(b.ref.Space).quarantine.unwanted(b.ref, hash)
}

// reached is how far an actor has got, and by which change of the batch (-1:
// by what is stored).
type reached struct {
	seq uint64
	at  int
}

// resolve looks for the dependencies of a change. It waits where one is
// missing; where one may lie in a snapshot, that becomes a question. A change
// that builds on one that lost a fork has lost too, and one that does not count
// is set aside with what it builds on.
func (s *Store) resolve(p *part, r Reader, b *batch, at int, plan *plan) error {
	c := b.changes[at]
	missing, above := false, false // above something that does not count
	var unknown []chunk.Hash
	for _, dep := range c.Deps {
		if at, ok := b.byHash[dep]; ok {
			switch b.changes[at].fate {
			case wait, refuse:
				c.fate = wait
				return nil
			case lost:
				c.loses(ReasonForked)
			case excluded:
				above = true
			}
			continue
		}
		switch why := s.held(b.ref.Space).quarantine.why(b.ref, dep); {
		case why.forked():
			c.loses(ReasonForked)
			continue
		case why.judged() && !b.isNeeded(c):
			above = true
			continue
		}
		held, err := s.holds(p, r, dep)
		if err != nil {
			return err
		}
		inside, asked := b.inside[dep]
		switch {
		case held, inside:
		case asked, len(p.snapshots) == 0:
			b.missing[dep] = true
			missing = true
		default:
			unknown = append(unknown, dep)
		}
	}
	switch {
	case missing:
		c.fate = wait
	case above:
		b.excludes(at)
	case len(unknown) == 0:
	case c.fate == lost, plan.provisional[number{c.Actor, c.Seq}]:
		// The materializer could not make sense of two with one number.
		c.loses(ReasonFork)
		for _, dep := range unknown {
			plan.below[dep] = true
		}
	default:
		for _, dep := range unknown {
			plan.unknown[dep] = true
		}
		c.fate = accept
		plan.provisional[number{c.Actor, c.Seq}] = true
	}
	return nil
}

// holds reports whether a change is in the part, as far as Go can see: it may
// also lie unseen in a snapshot.
func (s *Store) holds(p *part, r Reader, hash chunk.Hash) (bool, error) {
	if p.inside[hash] || slices.Contains(p.state.Heads, hash) {
		return true, nil
	}
	index, err := p.index(r, s.limits)
	if err != nil {
		return false, err
	}
	return index.find(hash) != nil, nil
}

// store writes what was accepted.
func (s *Store) store(p *part, b *batch, plan *plan) (Receipt, error) {
	var accepted []*candidate
	for _, c := range b.changes {
		if c.fate == accept {
			accepted = append(accepted, c)
		}
	}
	receipt := Receipt{
		Accepted:    len(accepted),
		Position:    p.state.Position,
		Missing:     slices.SortedFunc(maps.Keys(b.missing), chunk.Hash.Compare),
		Quarantined: len(b.refused),
	}
	for i := range b.refused {
		b.refused[i].Time = s.now()
		receipt.Refused = append(receipt.Refused, b.refused[i].Quarantined)
	}
	q := s.held(b.ref.Space).quarantine
	before := q.judgedOf(b.ref)
	quarantine, gone := s.quarantineOps(b, accepted)
	if len(accepted) == 0 && len(quarantine)+len(gone) == 0 {
		return receipt, nil
	}
	forks := q.forks(b.ref)
	moved := len(accepted) > 0 || forks != p.state.Forks
	aside := q.judgedOf(b.ref) != before
	positions := len(accepted)
	if moved || aside {
		positions = max(1, positions)
	}
	var next advance
	err := s.committer.commit(positions, func(first uint64) commit {
		made := commit{staged: append(plan.leftovers, quarantine...)}
		if moved {
			next = p.advance(accepted, first, b.origin, forks)
			if b.origin == Local && b.from == s.device && p.vetted() == p.state.Position && !b.keptAny() {
				next.state.Vetted = next.state.Position // a window wrote it
			}
			next.write(p.ref, &made)
		}
		if moved || aside {
			made.moves = b.moves(accepted, first, s.now())
		}
		made.forget(gone)
		return made
	})
	if err != nil {
		p.loaded = false // what was staged is to be cleared away
		s.rereadQuarantine(b.ref.Space)
		return Receipt{}, err
	}
	s.noteRefused(b.ref.Space, len(quarantine)+len(gone))
	if moved {
		p.adopt(next)
		receipt.Position = p.state.Position
		if (b.origin != Local || b.keptAny()) && s.materializer != nil {
			s.checkups.add(b.ref)
		}
		s.noteMoved(p)
		s.noteForks(b, forks)
	}
	return receipt, nil
}

func (b *batch) moves(accepted []*candidate, first uint64, now time.Time) []Move {
	if len(accepted) == 0 {
		// What is held has changed, though nobody has anything to read.
		return []Move{{Position: first, Ref: b.ref, Origin: b.origin, From: b.from, Time: now}}
	}
	moves := make([]Move, len(accepted))
	for i, c := range accepted {
		moves[i] = Move{
			Position: first + uint64(i), Ref: b.ref, Actor: c.Actor, Seq: c.Seq,
			Origin: b.origin, From: b.from, Time: now,
		}
	}
	return moves
}
