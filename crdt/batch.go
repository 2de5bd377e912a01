package crdt

import (
	"crypto/sha256"
	"errors"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

// maxSigners is how many further signatures of one change are looked at.
const maxSigners = 8

// batch is the changes of one bundle on their way in.
type batch struct {
	ref    Ref
	origin Origin
	from   space.DeviceID

	changes []*candidate // each hash once; sorted, dependencies first, by order
	byHash  map[chunk.Hash]int
	refused []refusal
	missing map[chunk.Hash]bool

	// What the materializer was asked and answered. All stay true whatever
	// is appended meanwhile.
	inside   map[chunk.Hash]bool   // hashes that lie in the part's snapshots
	chained  map[chunk.Hash]bool   // changes that do follow their actor's earlier one
	unwanted map[chunk.Hash]Reason // changes with which the part cannot be read

	rights rights
	// stood says which changes stand by themselves; nil if all do.
	stood *standing
}

type candidate struct {
	chunk.Change
	deps    []int // of Deps, those in the batch
	signed  *Signature
	others  []Signature // of the same change, by further devices
	reason  Reason      // why signed does not do; 0 if it does
	fault   Reason      // why it does not stand by itself though signed does; 0 if it does
	fate    fate
	because Reason            // for refuse, lost and excluded
	vouched bool              // by a later change of its actor that lost a fork, or is excluded
	known   bool              // it has lost, and is set aside already
	kept    bool              // it is in quarantine until now, since it did not count
	looked  bool              // signed, reason and fault are what they are by the batch's rights
	needed  bool              // it stands by itself, or something above it in the batch does
	record  *quarantineRecord // what there is of it in quarantine; nil unless it was read from there
}

// loses sets a change aside, for the first reason there is.
func (c *candidate) loses(because Reason) {
	if c.fate != lost {
		c.fate, c.because = lost, because
	}
}

// losesAny reports whether some change of the batch has lost a fork.
func (b *batch) losesAny() bool {
	return slices.ContainsFunc(b.changes, func(c *candidate) bool { return c.fate == lost })
}

type fate uint8

const (
	undecided fate = iota
	accept
	duplicate
	presumed // to be a duplicate of what lies in a snapshot
	wait     // for something missing
	lost     // a fork: it is set aside, as far as is known by now
	excluded // it does not count by the membership log as it is now
	refuse
)

type refusal struct {
	Quarantined
	raw    []byte
	deps   []chunk.Hash // where it is a change
	signed *Signature
	stored bool // until now: this is the only place left
}

// inspect parses what a bundle brings. It needs nothing but the bundle.
func (s *Store) inspect(ref Ref, bundle Bundle, origin Origin, from space.DeviceID) *batch {
	b := &batch{
		ref: ref, origin: origin, from: from,
		byHash:  make(map[chunk.Hash]int),
		missing: make(map[chunk.Hash]bool),
		inside:  make(map[chunk.Hash]bool),
		chained: make(map[chunk.Hash]bool), unwanted: make(map[chunk.Hash]Reason),
	}
	b.add(bundle.Changes, bundle.Signatures, s.limits)
	return b
}

// add puts changes into the batch, and the signatures that are of one of them.
func (b *batch) add(changes [][]byte, signatures []Signature, limits chunk.Limits) {
	for _, raw := range changes {
		c, err := chunk.ParseChange(raw, limits)
		if err != nil {
			b.refuseBytes(raw, err)
			continue
		}
		if _, ok := b.byHash[c.Hash]; ok {
			continue
		}
		b.byHash[c.Hash] = len(b.changes)
		b.changes = append(b.changes, &candidate{Change: c})
	}
	for _, signature := range signatures {
		at, ok := b.byHash[signature.Hash]
		if !ok {
			continue
		}
		c := b.changes[at]
		switch {
		case c.Actor != signature.Actor || c.Seq != signature.Seq:
		case c.signed == nil:
			c.signed = &signature
		case len(c.others) < maxSigners && signature.Device != c.signed.Device:
			c.others = append(c.others, signature)
		}
	}
	b.order()
}

// refuseBytes sets aside what is no valid chunk.
func (b *batch) refuseBytes(raw []byte, err error) {
	reason := ReasonMalformed
	if errors.Is(err, chunk.ErrTooLarge) {
		reason = ReasonTooLarge
	}
	b.refused = append(b.refused, refusal{
		Quarantined: Quarantined{
			Ref: b.ref, Hash: sha256.Sum256(raw), Reason: reason, Detail: err.Error(),
			Origin: b.origin, From: b.from, Size: len(raw),
		},
		raw: raw,
	})
}

// order sorts the changes, dependencies first.
func (b *batch) order() {
	waiting := make([]int, len(b.changes))
	children := make([][]int, len(b.changes))
	var ready []int
	for i, c := range b.changes {
		for _, dep := range c.Deps {
			if at, ok := b.byHash[dep]; ok {
				waiting[i]++
				children[at] = append(children[at], i)
			}
		}
		if waiting[i] == 0 {
			ready = append(ready, i)
		}
	}
	sorted := make([]*candidate, 0, len(b.changes))
	for len(ready) > 0 {
		i := ready[0]
		ready = ready[1:]
		sorted = append(sorted, b.changes[i])
		for _, child := range children[i] {
			if waiting[child]--; waiting[child] == 0 {
				ready = append(ready, child)
			}
		}
	}
	// Nothing is left out: a hash cannot be among its own ancestors.
	b.changes = sorted
	for i, c := range b.changes {
		b.byHash[c.Hash] = i
	}
	for _, c := range b.changes {
		c.deps = c.deps[:0]
		for _, dep := range c.Deps {
			if at, ok := b.byHash[dep]; ok {
				c.deps = append(c.deps, at)
			}
		}
	}
}

// authorise checks the signatures of changes that have not been judged to be
// duplicates, and which changes stand by themselves.
func (b *batch) authorise(r rights) {
	b.rights, b.stood = r, nil
	for _, c := range b.changes {
		if c.looked = c.fate != duplicate; c.looked && c.signed != nil {
			b.pickSignature(c)
		}
	}
	for _, c := range b.changes {
		if c.reason == ReasonActor && b.builtOn(c) {
			c.reason, c.fault = 0, r.fault(c.Actor, c.Seq, c.signed.Device)
		}
	}
	b.findStanding()
}

// pickSignature judges a change by that of its signatures that is worth the most.
// Whoever signs what somebody else has signed takes nothing from that.
func (b *batch) pickSignature(c *candidate) {
	c.reason, c.fault = b.judge(*c.signed)
	for i, other := range c.others {
		if c.reason == 0 && c.fault == 0 {
			return
		}
		reason, fault := b.judge(other)
		if reason != 0 || c.reason == 0 && !b.rights.voiceOf(c.signed.Device).less(b.rights.voiceOf(other.Device)) {
			continue
		}
		first := *c.signed
		c.signed, c.others[i] = &other, first
		c.reason, c.fault = reason, fault
	}
}

// builtOn reports whether somebody else who may write has built on a change,
// or on one of the same actor before it. Then it stays, although it was signed
// by another device than the one its actor belongs to: whoever built on it did
// not know that this device is a member, and their work is not to be lost.
func (b *batch) builtOn(c *candidate) bool {
	above := make([]bool, len(b.changes))
	for i, other := range b.changes {
		if other.Actor == c.Actor {
			above[i] = other.Seq <= c.Seq
			continue
		}
		above[i] = slices.ContainsFunc(other.deps, func(at int) bool { return above[at] })
		if above[i] && other.fate != duplicate && other.signed != nil && other.reason == 0 && other.fault == 0 &&
			other.signed.Device != c.signed.Device {
			return true
		}
	}
	return false
}

// genuine reports whether a signature is its device's. What this device hands
// in itself it has signed a moment ago, in this process: looking again would
// cost a keystroke more than everything else that is checked.
func (b *batch) genuine(signature Signature) bool {
	return b.origin == Local && b.from == signature.Device || signature.Verify(b.ref)
}

// judge says why a signature does not do, or 0, and why its change does not
// stand by itself although it does. What is wrong for everybody comes before
// what depends on the log.
func (b *batch) judge(signature Signature) (reason, fault Reason) {
	return judge(b.rights, signature, b.genuine(signature))
}

func judge(r rights, signature Signature, genuine bool) (reason, fault Reason) {
	if !genuine {
		return ReasonBadSignature, 0
	}
	if owner, ok := ownerOf(r.log, signature.Actor); ok && owner != signature.Device {
		return ReasonActor, 0
	}
	return 0, r.fault(signature.Actor, signature.Seq, signature.Device)
}

// settle decides, once every candidate has been looked at by itself, which
// are stored: only what depends on nothing that is not, only up to an actor's
// newest signed change that is stored too, and only what counts by the
// membership log.
func (b *batch) settle() {
	for changed := true; changed; {
		for changed {
			changed = b.dropDependents()
			changed = b.dropUnvouched() || changed
		}
		changed = b.exclude()
	}
	for _, c := range b.changes {
		switch c.fate {
		case refuse, lost, excluded:
			b.refuseChange(c)
		case wait:
			for _, at := range c.deps {
				if dep := b.changes[at]; dep.fate == refuse {
					b.missing[dep.Hash] = true
				}
			}
		}
	}
}

// dropDependents lets wait what depends on something that is not stored.
func (b *batch) dropDependents() (changed bool) {
	for _, c := range b.changes {
		if (c.fate == accept || c.fate == lost || c.fate == excluded) && slices.ContainsFunc(c.deps, func(at int) bool {
			f := b.changes[at].fate
			return f == wait || f == refuse
		}) {
			c.fate, changed = wait, true
		}
	}
	return changed
}

// dropUnvouched lets go what nobody has signed for.
func (b *batch) dropUnvouched() (changed bool) {
	vouchers := b.vouchers()
	b.vouch()
	for _, c := range b.changes {
		v := vouchers[c.Actor]
		switch c.fate {
		case accept, lost, excluded:
		default:
			continue
		}
		if c.fate == accept && c.Seq <= v.accepted || c.vouched || c.known {
			continue
		}
		changed = true
		if c.Seq <= v.waiting {
			c.fate = wait
		} else {
			c.fate, c.because = refuse, v.reason
		}
	}
	return changed
}

// vouch finds out which changes are vouched for by one of the same actor that
// lost a fork or is excluded: that one itself, and those among its ancestors.
func (b *batch) vouch() {
	open := make(map[chunk.Actor]bool) // who has some that are not signed themselves
	for _, c := range b.changes {
		c.vouched = false
		if c.signed == nil || c.reason != 0 {
			open[c.Actor] = true
		}
	}
	for from := len(b.changes) - 1; from >= 0; from-- {
		c := b.changes[from]
		if c.fate != lost && c.fate != excluded || c.signed == nil || c.reason != 0 || c.vouched {
			continue
		}
		// Where each change is signed, nothing below has to be looked through for it.
		if c.vouched = true; !open[c.Actor] {
			continue
		}
		seen := map[int]bool{from: true}
		for next := []int{from}; len(next) > 0; {
			at := next[len(next)-1]
			next = next[:len(next)-1]
			if below := b.changes[at]; below.Actor == c.Actor {
				below.vouched = true
			}
			for _, dep := range b.changes[at].deps {
				if !seen[dep] {
					seen[dep] = true
					next = append(next, dep)
				}
			}
		}
	}
}

// voucher is how far an actor's changes are signed for.
type voucher struct {
	accepted uint64 // by a change that is accepted
	waiting  uint64 // by one that waits for something itself, or does not have it below it
	reason   Reason // why there is no more
}

func (b *batch) vouchers() map[chunk.Actor]voucher {
	vouchers := make(map[chunk.Actor]voucher)
	for _, c := range b.changes {
		v := vouchers[c.Actor]
		switch {
		case c.signed == nil:
		case c.reason != 0:
			v.reason = c.reason
		case c.fate == accept:
			v.accepted = max(v.accepted, c.Seq)
		case c.fate == wait, c.fate == excluded:
			v.waiting = max(v.waiting, c.Seq)
		}
		if v.reason == 0 {
			v.reason = ReasonNotVouched
		}
		vouchers[c.Actor] = v
	}
	return vouchers
}

func (b *batch) refuseChange(c *candidate) {
	if c.record != nil && c.fate != lost {
		return // it is in quarantine, and nobody has sent it
	}
	r := refusal{
		Quarantined: Quarantined{
			Ref: b.ref, Hash: c.Hash, Actor: c.Actor, Seq: c.Seq, Reason: c.because,
			Origin: b.origin, From: b.from, Size: len(c.Raw),
		},
		raw: c.Raw, deps: c.Deps, signed: c.signed,
	}
	if c.fate != refuse && c.reason != 0 {
		r.signed = nil // one that does not do vouches for nothing
	}
	b.refused = append(b.refused, r)
}
