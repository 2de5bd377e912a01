package crdt

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"

	"parley/crdt/chunk"
	"parley/space"
)

// What members wrote who may not is set aside alike everywhere, also where they
// never were: it is part of what devices exchange (docs/formats.md, Judging).
// That is work nobody has asked for, so each person has room for so much of it,
// and a space for so much in all. What goes in there is found out from the
// changes and the log alone: of each person, what they have written first.

const (
	// toldOfOne is the weight from which on nothing more of one person is told,
	// and the most that one signature may vouch for.
	toldOfOne = 4 << 20
	// toldOfAll is the same of a space, where of each person what is above
	// toldOfOne does not count.
	toldOfAll = 8 << 20
	// toldEach is added to the bytes of each change.
	toldEach = 256
	// toldUnit is the most changes that go at once, since a unit cannot be
	// divided: with the signatures of all of them it has to fit in one piece.
	toldUnit = 2048
	// toldLinks bounds what is followed of what changes build on, for a unit and
	// for what a signature may speak for: else whoever writes a long chain has all
	// of it gone through for each of its changes.
	toldLinks = 8192
)

// told is what of a space's quarantine others are told of. It does not change.
type told struct {
	as    uint64 // of log.Rights
	parts map[Ref]*toldPart
}

// toldPart is what they are told of a part. Each unit can be taken in by whoever
// has those before it.
type toldPart struct {
	units  [][]chunk.Hash
	hashes map[chunk.Hash]bool
	digest [16]byte
}

// of is what is told of a part; its digest is zeros and nothing is in it where
// that is nothing.
func (t *told) of(ref Ref) *toldPart {
	if part := t.parts[ref]; part != nil {
		return part
	}
	return new(toldPart)
}

// tells is what others are told of now.
func (h *heldSpace) tells() *told {
	q := h.quarantine
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.tells(h.log)
}

func (q *quarantine) tells(log *space.Log) *told {
	as := log.Rights()
	if q.told != nil && q.told.as == as {
		return q.told
	}
	q.told = &told{as: as, parts: make(map[Ref]*toldPart)}
	if len(q.judged) > 0 {
		t := newTeller(q, log)
		t.choose(q.told)
	}
	return q.told
}

// teller finds out what is told.
type teller struct {
	log   *space.Log
	list  []telling
	of    map[space.DeviceID][]int          // by seat, what its devices have signed, in order
	seats map[space.DeviceID]space.DeviceID // of devices, zero for strangers

	seen  []int // by change, the last turn that came by it
	turn  int
	steps int // how many changes and links were looked at
}

// telling is a change that is set aside because it does not count.
type telling struct {
	ref    Ref
	hash   chunk.Hash
	what   setAside
	weight uint64
	below  []int // what it builds on, of what is set aside likewise
	speaks int   // the change that vouches for it by the word of a member or a former one, -1 if none does
	height int   // the most changes that lie one on the other below it
	never  bool  // nobody could take it in, or it is too much by itself, or something in its unit is
}

func newTeller(q *quarantine, log *space.Log) *teller {
	t := &teller{log: log, of: make(map[space.DeviceID][]int), seats: make(map[space.DeviceID]space.DeviceID)}
	for ref := range q.judged {
		t.add(q, ref)
	}
	t.seen = make([]int, len(t.list))
	t.speak()
	t.rise()
	t.rule()
	for i := range t.list {
		if seat := t.seatOf(&t.list[i]); seat != (space.DeviceID{}) {
			t.of[seat] = append(t.of[seat], i)
		}
	}
	for _, signed := range t.of {
		slices.SortFunc(signed, t.compare)
	}
	return t
}

// add lists what is set aside of a part.
func (t *teller) add(q *quarantine, ref Ref) {
	at := make(map[chunk.Hash]int)
	first := len(t.list)
	for hash, what := range q.aside[ref] {
		if what.reason.judged() {
			at[hash] = len(t.list)
			size := q.known[quarantineID{ref.Document, ref.Part, hash}]
			t.list = append(t.list, telling{ref: ref, hash: hash, what: what, weight: size + toldEach, speaks: -1})
		}
	}
	for i := first; i < len(t.list); i++ {
		c := &t.list[i]
		for _, dep := range c.what.deps {
			if below, ok := at[dep]; ok {
				c.below = append(c.below, below)
			} else if other := q.aside[ref][dep]; other.reason != 0 && !other.reason.returns() {
				c.never = true
			}
		}
	}
}

// speak finds out what vouches for what. What is signed speaks for itself, so
// that nothing is looked for where all is.
func (t *teller) speak() {
	type writer struct {
		ref   Ref
		actor chunk.Actor
	}
	signed, open := make(map[writer][]int), make(map[writer]int)
	for i := range t.list {
		c := &t.list[i]
		who := writer{c.ref, c.what.actor}
		if t.seatOf(c) == (space.DeviceID{}) {
			open[who]++
			continue
		}
		c.speaks = i
		signed[who] = append(signed[who], i)
	}
	for who, left := range open {
		some := signed[who]
		slices.SortFunc(some, t.compare)
		t.turn++
		for _, from := range some {
			if left == 0 {
				break
			}
			left -= t.speakFrom(from)
		}
	}
}

// speakFrom has a signed change speak for those of its actor below it, the
// nearest first, that no earlier one of that actor has come by.
func (t *teller) speakFrom(from int) (found int) {
	links := 0
	for next := []int{from}; len(next) > 0; next = next[1:] {
		if links += len(t.list[next[0]].below); links > toldLinks {
			break
		}
		for _, i := range t.list[next[0]].below {
			if t.seen[i] == t.turn {
				continue
			}
			t.seen[i] = t.turn
			if c := &t.list[i]; c.speaks < 0 && c.what.actor == t.list[from].what.actor {
				c.speaks = from
				found++
			}
			next = append(next, i)
		}
	}
	t.steps += links + 1
	return found
}

// rise finds out how high each change lies. That is the same for all who have
// it: nobody takes in a change without what it builds on.
func (t *teller) rise() {
	above := make([][]int, len(t.list))
	open := make([]int, len(t.list))
	var next []int
	for i := range t.list {
		for _, below := range t.list[i].below {
			above[below] = append(above[below], i)
		}
		if open[i] = len(t.list[i].below); open[i] == 0 {
			next = append(next, i)
		}
	}
	for ; len(next) > 0; next = next[1:] {
		for _, i := range above[next[0]] {
			t.list[i].height = max(t.list[i].height, t.list[next[0]].height+1)
			if open[i]--; open[i] == 0 {
				next = append(next, i)
			}
		}
	}
}

// rule passes over what can never be told, with all whose unit it is in.
func (t *teller) rule() {
	in := make([][]int, len(t.list))
	var next []int
	for i := range t.list {
		c := &t.list[i]
		for _, below := range c.below {
			in[below] = append(in[below], i)
		}
		if c.speaks >= 0 && c.speaks != i {
			in[c.speaks] = append(in[c.speaks], i)
		}
		if c.never = c.never || c.speaks < 0 || c.weight > toldOfOne || len(c.below) > toldLinks; c.never {
			next = append(next, i)
		}
	}
	for ; len(next) > 0; next = next[1:] {
		for _, i := range in[next[0]] {
			if !t.list[i].never {
				t.list[i].never = true
				next = append(next, i)
			}
		}
	}
}

// compare puts what lies lowest before the rest, and of that what was written
// first: so what somebody builds on is there when its turn comes.
func (t *teller) compare(a, b int) int {
	x, y := &t.list[a], &t.list[b]
	return cmp.Or(
		cmp.Compare(x.height, y.height), cmp.Compare(x.what.seq, y.what.seq), bytes.Compare(x.ref.Document[:], y.ref.Document[:]),
		cmp.Compare(x.ref.Part, y.ref.Part), cmp.Compare(x.what.actor, y.what.actor), x.hash.Compare(y.hash),
	)
}

// choose picks what is told.
func (t *teller) choose(into *told) {
	var all uint64
	for _, seat := range slices.SortedFunc(maps.Keys(t.of), func(a, b space.DeviceID) int { return bytes.Compare(a[:], b[:]) }) {
		if all >= toldOfAll {
			break
		}
		units, weight := t.chooseOf(t.of[seat])
		all += min(weight, toldOfOne)
		for _, unit := range units {
			into.add(t, unit)
		}
	}
	for _, part := range into.parts {
		part.digest = forksDigest(part.hashes)
	}
}

// chooseOf picks what is told of a person: what they have signed, one after the
// other, each with all that it takes to take it in.
func (t *teller) chooseOf(signed []int) (units [][]int, weight uint64) {
	chosen := make([]bool, len(t.list))
	for _, from := range signed {
		if weight >= toldOfOne {
			break
		}
		unit, more, ok := t.unit(from, chosen)
		if !ok || len(unit) == 0 {
			continue
		}
		for _, i := range unit {
			chosen[i] = true
		}
		units, weight = append(units, unit), weight+more
	}
	return units, weight
}

// unit is a change with what it builds on, and with what vouches for that, but
// for what was chosen before. It is not ok where somebody could not take it in,
// or where that is too much. Whether it is does not depend on the way through.
func (t *teller) unit(from int, chosen []bool) (unit []int, weight uint64, ok bool) {
	if t.list[from].never || chosen[from] {
		return nil, 0, false
	}
	t.turn++
	t.seen[from] = t.turn
	links := 0
	defer func() { t.steps += links + 1 }()
	unit = []int{from}
	for at := 0; at < len(unit); at++ {
		c := &t.list[unit[at]]
		weight += c.weight
		if links += len(c.below); weight > toldOfOne || links > toldLinks {
			return nil, 0, false
		}
		take := func(i int) {
			if !chosen[i] && t.seen[i] != t.turn {
				t.seen[i] = t.turn
				unit = append(unit, i)
			}
		}
		for _, i := range c.below {
			take(i)
		}
		if take(c.speaks); len(unit) > toldUnit {
			return nil, 0, false
		}
	}
	return unit, weight, true
}

// seatOf is the seat of whoever has signed a change, zero where nobody has whose
// word is taken: of strangers there are as many as somebody makes up, and nobody
// signs for a device's actor but the device.
func (t *teller) seatOf(c *telling) space.DeviceID {
	if owner, owned := ownerOf(t.log, c.what.actor); !c.what.signed || owned && owner != c.what.by {
		return space.DeviceID{}
	}
	seat, known := t.seats[c.what.by]
	if !known {
		seat, _ = t.log.SeatOf(c.what.by)
		t.seats[c.what.by] = seat
	}
	return seat
}

func (t *told) add(from *teller, unit []int) {
	ref := from.list[unit[0]].ref
	part := t.parts[ref]
	if part == nil {
		part = &toldPart{hashes: make(map[chunk.Hash]bool)}
		t.parts[ref] = part
	}
	hashes := make([]chunk.Hash, len(unit))
	for i, at := range unit {
		hashes[i] = from.list[at].hash
		part.hashes[hashes[i]] = true
	}
	part.units = append(part.units, hashes)
}

// withTold is the digest of a part, of which others are told what is set aside,
// too.
func withTold(held, told [16]byte) [16]byte {
	if told == ([16]byte{}) {
		return held
	}
	sum := sha256.Sum256(slices.Concat(held[:], told[:]))
	return [16]byte(sum[:16])
}

// AsideID tells a change that is set aside from others: the beginning of its
// hash, so much of it that nobody finds two changes that begin alike, of which
// some would be told the one and some the other.
type AsideID [16]byte

// Compare puts them in order.
func (id AsideID) Compare(other AsideID) int { return bytes.Compare(id[:], other[:]) }

func asideID(hash chunk.Hash) AsideID { return AsideID(hash[:len(AsideID{})]) }

// ids are what is told of a part, ascending.
func (p *toldPart) ids() []AsideID {
	ids := make([]AsideID, 0, len(p.hashes))
	for hash := range p.hashes {
		ids = append(ids, asideID(hash))
	}
	slices.SortFunc(ids, AsideID.Compare)
	return slices.Compact(ids)
}

const (
	// signatureSize is about what a signature takes where it is sent.
	signatureSize = 192
	// maxToldAtOnce is how many changes or signatures are enough for one bundle.
	// With one unit more that is well within what one may hold, and few enough to
	// be looked through when they come.
	maxToldAtOnce = 2048
	// maxAsideAtOnce is how many signatures a bundle has with what is set aside: a
	// piece has no more than 8,192 (docs/protocol.md).
	maxAsideAtOnce = 6144
)

// offerTold adds what is set aside because it does not count and somebody does
// not have, up to about maxBytes, but not nothing where there is some.
func (s *Store) offerTold(ref Ref, theirs Tips, maxBytes int, bundle *Bundle) (more bool, err error) {
	part := s.held(ref.Space).tells().of(ref)
	has := make(map[AsideID]bool, len(theirs.Aside))
	for _, id := range theirs.Aside {
		has[id] = true
	}
	there := make(map[chunk.Hash]bool)
	size, some := bundle.size(), false
	begun := !bundle.Empty()
	for _, unit := range part.units {
		if !slices.ContainsFunc(unit, func(hash chunk.Hash) bool { return !has[asideID(hash)] && !there[hash] }) {
			continue
		}
		// One that signs for each of very many small changes must not make more of
		// them than a piece can hold: nobody would be sent any of the part.
		full := size >= maxBytes || len(bundle.Signatures) >= maxToldAtOnce || len(bundle.Changes) >= maxToldAtOnce
		if some && full || begun && len(bundle.Signatures)+len(unit) > maxAsideAtOnce {
			return true, nil
		}
		b, err := s.readUnit(ref, unit, there)
		if err != nil {
			return false, err
		}
		for _, c := range b.changes {
			there[c.Hash] = true
			size += len(c.Raw)
			if c.signed != nil {
				size += signatureSize
			}
			bundle.Changes = append(bundle.Changes, c.Raw)
			if c.signed != nil {
				bundle.Signatures = append(bundle.Signatures, *c.signed)
			}
		}
		some = some || len(b.changes) > 0
		begun = begun || some
	}
	return false, nil
}

// readUnit reads what is to be told at once, ancestors first, but for what is
// there. It is empty where not all can be read, or is set aside any more.
func (s *Store) readUnit(ref Ref, unit []chunk.Hash, there map[chunk.Hash]bool) (*batch, error) {
	none := new(batch)
	b := &batch{byHash: make(map[chunk.Hash]int)}
	err := s.backend.View(func(r Reader) error {
		for _, hash := range unit {
			if there[hash] {
				continue
			}
			c, err := s.readKeptOne(r, ref, hash)
			if errors.Is(err, ErrDamaged) {
				s.passOver(ref, quarantineKey(ref, hash), err)
				c, err = nil, nil
			}
			if c == nil {
				b = none
				return err
			}
			b.byHash[hash] = len(b.changes)
			b.changes = append(b.changes, c)
		}
		return nil
	})
	b.order()
	return b, err
}

func (b *Bundle) size() (size int) {
	for _, raw := range b.Snapshots {
		size += len(raw)
	}
	for _, raw := range b.Changes {
		size += len(raw)
	}
	return size + len(b.Signatures)*signatureSize
}
