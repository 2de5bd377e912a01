package crdt

import (
	"errors"
	"fmt"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

// findStanding finds out, if some change does not stand by itself, which do by
// all that is signed, and which something stands on that does.
func (b *batch) findStanding() {
	if !slices.ContainsFunc(b.changes, func(c *candidate) bool {
		return c.fault != 0 && c.reason == 0 && c.signed != nil && c.fate != duplicate
	}) {
		return
	}
	b.listen()
	for _, c := range b.changes {
		c.needed = false
	}
	for at := len(b.changes) - 1; at >= 0; at-- {
		c := b.changes[at]
		if c.fate == duplicate || !c.needed && !b.stands(at) {
			continue
		}
		c.needed = true
		for _, dep := range c.deps {
			b.changes[dep].needed = true
		}
	}
}

// listen finds out what the signatures of the batch are worth, but for those of
// changes that are not taken: whoever judges the part later will not have them.
func (b *batch) listen() {
	list := make([]saying, len(b.changes))
	for i, c := range b.changes {
		list[i] = saying{actor: c.Actor, seq: c.Seq, below: c.deps}
		if c.signed != nil && c.reason == 0 && c.fate != duplicate && c.fate != wait && c.fate != refuse {
			list[i].by, list[i].heard = c.signed.Device, true
		}
	}
	b.stood = b.rights.standing(list)
}

// stands reports whether a change of the batch stands by itself.
func (b *batch) stands(at int) bool {
	c := b.changes[at]
	return b.stood == nil || b.stood.stands(c.Actor, c.Seq, b.stood.voices[at])
}

// isNeeded reports whether a change stands by itself, or something does that is
// above it in the batch.
func (b *batch) isNeeded(c *candidate) bool { return b.stood == nil || c.needed }

// excludes sets a change aside because it does not count.
func (b *batch) excludes(at int) {
	c := b.changes[at]
	c.fate, c.because = excluded, ReasonNoRight
	if b.stood != nil {
		c.because, _ = b.stood.reason(c.Actor, b.stood.voices[at])
	} else if c.signed != nil {
		c.because = b.rights.why(c.signed.Device)
	}
	if c.because == 0 {
		c.because = ReasonNoRight // nobody has signed for it that may
	}
}

// keptAny reports whether anything that was in quarantine is stored.
func (b *batch) keptAny() bool {
	return slices.ContainsFunc(b.changes, func(c *candidate) bool { return c.kept && c.fate == accept })
}

// exclude sets aside what could be stored and does not count: it does not stand
// by itself, and nothing above it in the batch that could be stored does. What
// builds on a change comes with it, or finds it in quarantine later.
func (b *batch) exclude() (changed bool) {
	if b.stood == nil {
		return false
	}
	b.listen()
	counts := make([]bool, len(b.changes))
	for at := len(b.changes) - 1; at >= 0; at-- {
		c := b.changes[at]
		if c.fate != accept && c.fate != lost {
			continue
		}
		switch {
		case counts[at], b.stands(at):
			for _, dep := range c.deps {
				counts[dep] = true
			}
		case !c.known:
			b.excludes(at)
			changed = true
		}
	}
	return changed
}

// fetchKept takes into the batch what it needs of what is in quarantine because it
// did not count: what changes build on that count, and what vouches for that.
func (s *Store) fetchKept(b *batch) error {
	q := s.held(b.ref.Space).quarantine
	if !q.keepsJudged(b.ref) {
		return nil
	}
	for {
		var wanted []chunk.Hash
		for _, c := range b.changes {
			if c.fate == duplicate || !b.isNeeded(c) {
				continue
			}
			for _, dep := range c.Deps {
				if _, ok := b.byHash[dep]; !ok && q.isJudged(b.ref, dep) {
					wanted = append(wanted, dep)
				}
			}
		}
		if len(wanted) == 0 {
			return nil
		}
		before := len(b.changes)
		if err := s.readKept(b, q, wanted); err != nil || len(b.changes) == before {
			return err
		}
		b.order()
		b.authorise(b.rights)
	}
}

// readKept adds changes that are in quarantine to a batch, with those there
// that they build on, and the next ones that their authors have signed for.
func (s *Store) readKept(b *batch, q *quarantine, wanted []chunk.Hash) error {
	wanted = slices.Clone(wanted)
	return s.backend.View(func(r Reader) error {
		for len(wanted) > 0 {
			hash := wanted[len(wanted)-1]
			wanted = wanted[:len(wanted)-1]
			if _, ok := b.byHash[hash]; ok {
				continue
			}
			c, err := s.readKeptOne(r, b.ref, hash)
			if errors.Is(err, ErrDamaged) {
				continue // it is missing, then, and comes again
			}
			if err != nil {
				return err
			}
			if c == nil {
				continue
			}
			b.byHash[hash] = len(b.changes)
			b.changes = append(b.changes, c)
			for _, dep := range c.Deps {
				if q.isJudged(b.ref, dep) {
					wanted = append(wanted, dep)
				}
			}
			if c.signed == nil {
				if voucher, ok := q.voucher(b.ref, c.Actor, c.Seq); ok {
					wanted = append(wanted, voucher)
				}
			}
		}
		return nil
	})
}

// readKeptOne reads a change that is in quarantine because it did not count,
// nil if it is not there any more.
func (s *Store) readKeptOne(r Reader, ref Ref, hash chunk.Hash) (*candidate, error) {
	key := quarantineKey(ref, hash)
	value, err := r.Get(key)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	var record quarantineRecord
	if err == nil {
		err = read(key, value, &record)
	}
	if err != nil {
		return nil, fmt.Errorf("read what was refused: %w", err)
	}
	if !record.kept() || !record.Reason.judged() {
		return nil, nil
	}
	return s.keptCandidate(key, &record)
}

// keptCandidate is a change that is in quarantine and may count again.
func (s *Store) keptCandidate(key []byte, record *quarantineRecord) (*candidate, error) {
	c, err := chunk.ParseChange(record.Raw, s.limits)
	if err != nil {
		return nil, fmt.Errorf("%w: %x: %w", ErrDamaged, key, err)
	}
	return &candidate{Change: c, signed: record.signature(), because: record.Reason, kept: true, record: record}, nil
}

// kept reports whether a record is of a change that may count again, and that
// is here.
func (r *quarantineRecord) kept() bool {
	return r.Reason.returns() && len(r.Raw) > 0 && len(r.Actor) > 0
}

// ours reports whether a record is of something that was in the part once, or
// was written here: nobody else may have it.
func (r *quarantineRecord) ours() bool { return r.Origin != Peer || r.From == (space.DeviceID{}) }
