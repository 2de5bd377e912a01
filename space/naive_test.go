package space

import (
	"slices"
)

// naive decides which entries count straight from docs/formats.md: every rule
// looks through all entries, what depends on what is a matrix, circles are
// found in its transitive closure, and what is not decided is a third truth
// value. It shares nothing with the log but the parsed entries.
type naive struct {
	order   []Entry // in the log's order
	place   map[Hash]int
	past    []map[int]bool
	verdict []truth // maybe: not decided
	seat    []DeviceID
	via     []int // -1: none
	assume  bool  // all others count and strike nothing
}

// truth is a value of Kleene's logic.
type truth int

const (
	no truth = iota
	maybe
	yes
)

func is(b bool) truth {
	if b {
		return yes
	}
	return no
}

func not(t truth) truth { return yes - t }

func newNaive(l *Log) *naive {
	entries := make(map[Hash]Entry)
	for _, node := range l.nodes {
		entries[node.entry.Hash] = node.entry
	}
	n := &naive{place: make(map[Hash]int)}
	for len(n.order) < len(entries) {
		var next *Entry
		for hash, e := range entries {
			_, placed := n.place[hash]
			open := !placed && !slices.ContainsFunc(e.Parents, func(p Hash) bool { _, ok := n.place[p]; return !ok })
			if open && (next == nil || compareHashes(hash, next.Hash) < 0) {
				next = &e
			}
		}
		n.place[next.Hash] = len(n.order)
		past := make(map[int]bool)
		for _, p := range next.Parents {
			past[n.place[p]] = true
			for at := range n.past[n.place[p]] {
				past[at] = true
			}
		}
		n.order, n.past = append(n.order, *next), append(n.past, past)
		n.verdict, n.seat, n.via = append(n.verdict, maybe), append(n.seat, DeviceID{}), append(n.via, -1)
	}
	n.decide()
	return n
}

func (n *naive) below(a, of int) bool { return of == len(n.order) || n.past[of][a] }
func (n *naive) beside(a, b int) bool { return a != b && !n.below(a, b) && !n.below(b, a) }
func (n *naive) gives(i int) truth    { return n.value(i, yes) }
func (n *naive) strikes(i int) truth  { return n.value(i, no) }
func (n *naive) counts(i int) bool    { return n.verdict[i] == yes }
func (n *naive) removal(i int) (s DeviceID, ok bool) {
	b, ok := n.order[i].body.(*removeBody)
	if ok {
		s = b.Seat
	}
	return s, ok
}

func (n *naive) value(i int, assumed truth) truth {
	if n.assume && n.verdict[i] == maybe {
		return assumed
	}
	return n.verdict[i]
}

func (n *naive) revocation(i int) (d DeviceID, ok bool) {
	b, ok := n.order[i].body.(*revokeBody)
	if ok {
		d = b.Device
	}
	return d, ok
}

// all lists the entries of which something is true.
func (n *naive) all(is func(i int) bool) (found []int) {
	for i := range n.order {
		if is(i) {
			found = append(found, i)
		}
	}
	return found
}

func some(list []int, value func(i int) truth) truth {
	t := no
	for _, i := range list {
		t = max(t, value(i))
	}
	return t
}

func every(list []int, value func(i int) truth) truth {
	t := yes
	for _, i := range list {
		t = min(t, value(i))
	}
	return t
}

// join is the join that a grant is or answers with a yes.
func (n *naive) join(i int) (at int, a Application, ok bool) {
	switch b := n.order[i].body.(type) {
	case Application:
		return i, b, true
	case *answerBody:
		at, known := n.place[b.Join]
		if known && b.Accept && n.below(at, i) {
			a, ok = n.order[at].body.(Application)
			return at, a, ok
		}
	}
	return 0, a, false
}

// grants lists what may let a device in.
func (n *naive) grants(d DeviceID) []int {
	return n.all(func(i int) bool {
		_, a, ok := n.join(i)
		return ok && a.Device == d || i == 0 && n.order[0].Author == d
	})
}

// doors lists the invites and seat keys of a key.
func (n *naive) doors(k InvitationKey) []int {
	return n.all(func(i int) bool { return n.key(i).key == k && n.key(i).ok })
}

type naiveKey struct {
	ok       bool
	key      InvitationKey
	seat     DeviceID // zero: the newcomer's own
	role     Role
	uses     int
	expiry   uint64
	ask      bool
	recovery bool
	turn     int // of several of one key, the lowest goes first
}

func (n *naive) key(i int) naiveKey {
	switch b := n.order[i].body.(type) {
	case *inviteBody:
		key := naiveKey{ok: true, key: b.Invitation, role: b.Role, uses: int(b.Uses), expiry: b.Expiry, ask: b.Ask, turn: 1}
		if len(b.Proof) == 0 {
			key.turn = 3
		}
		return key
	case *seatKeyBody:
		return naiveKey{ok: true, key: b.Key, seat: b.Seat, uses: int(b.Uses), expiry: b.Expiry, recovery: b.Purpose == Recovery, turn: 2}
	}
	return naiveKey{}
}

// way is a seat that a grant leads into, and through which key.
type way struct {
	via  int
	seat DeviceID
	role Role
}

// ways lists how a grant may lead into a seat. A join through an invitation
// that asks leads nowhere.
func (n *naive) ways(grant int) (ways []way) {
	if grant == 0 {
		return []way{{-1, n.order[0].Author, Facilitator}}
	}
	at, a, _ := n.join(grant)
	for _, k := range n.doors(a.Invitation) {
		possible := n.verdict[grant] == maybe && n.verdict[k] != no && n.below(k, at)
		if possible || n.counts(grant) && n.via[grant] == k {
			key := n.key(k)
			if key.ask && at == grant {
				continue
			}
			w := way{k, key.seat, key.role}
			if w.seat == (DeviceID{}) {
				w.seat = a.Device
			}
			ways = append(ways, w)
		}
	}
	return ways
}

func (n *naive) device(grant int) DeviceID {
	if _, a, ok := n.join(grant); ok {
		return a.Device
	}
	return n.order[0].Author
}

// lasting says whether nothing below an entry has taken back a grant.
func (n *naive) lasting(grant int, seat DeviceID, at int) truth {
	device := n.device(grant)
	return every(n.all(func(i int) bool {
		s, removes := n.removal(i)
		d, revokes := n.revocation(i)
		return (removes && s == seat || revokes && d == device) && n.below(i, at) && !n.below(i, grant)
	}), func(i int) truth { return not(n.gives(i)) })
}

// judge says whether an entry counts, and through which seat and key.
func (n *naive) judge(i int) (t truth, seat DeviceID, via int) {
	via = -1
	allowed := yes
	switch b := n.order[i].body.(type) {
	case nil:
		return no, seat, -1
	case *foundBody:
		return yes, n.order[i].Author, -1
	case Application:
		allowed, via = n.passes(i, b)
	case *answerBody:
		allowed, via = n.answers(i, b)
	}
	t = no
	for _, grant := range n.grants(n.order[i].Author) {
		if !n.below(grant, i) {
			continue
		}
		for _, w := range n.ways(grant) {
			through := min(n.gives(grant), n.lasting(grant, w.seat, i), n.right(i, w.seat))
			if through == yes && t != yes {
				seat = w.seat
			}
			t = max(t, through)
		}
	}
	return min(t, allowed), seat, via
}

// right says whether a seat may write an entry, and nothing strikes it there.
func (n *naive) right(i int, seat DeviceID) truth {
	as := func(need Role) truth { return min(n.role(seat, i, need), not(n.struck(i, seat, need))) }
	switch b := n.order[i].body.(type) {
	case Application, *personBody, *cutBody:
		return as(Keeper)
	case *successorBody:
		return as(Editor)
	case *seatKeyBody:
		return min(is(b.Seat == seat), as(Keeper))
	case *labelBody:
		return min(n.seated(b.Device, seat, i), as(Keeper))
	case *confirmBody:
		return min(is(b.Seat != seat), as(Facilitator))
	case *removeBody:
		if b.Seat == seat {
			return as(Keeper)
		}
	case *revokeBody:
		return max(min(n.seated(b.Device, seat, i), as(Keeper)), as(Facilitator))
	case *withdrawBody:
		return some(n.doors(b.Invitation), func(k int) truth {
			if !n.below(k, i) {
				return no
			}
			if n.key(k).seat == seat {
				return min(n.gives(k), as(Keeper))
			}
			return min(n.gives(k), as(Facilitator))
		})
	}
	return as(Facilitator)
}

func (n *naive) seated(d, seat DeviceID, at int) truth {
	return some(n.grants(d), func(g int) truth {
		into := slices.ContainsFunc(n.ways(g), func(w way) bool { return w.seat == seat })
		elsewhere := some(n.grants(d), func(later int) truth {
			away := slices.ContainsFunc(n.ways(later), func(w way) bool { return w.seat != seat })
			return min(is(n.below(later, at) && n.below(g, later) && away), n.gives(later))
		})
		return min(is(n.below(g, at) && into), n.gives(g), not(elsewhere))
	})
}

// role says whether a seat has a role, or one with more rights, below an entry.
func (n *naive) role(seat DeviceID, at int, need Role) truth {
	if need == Keeper {
		return yes
	}
	good := make(map[int]truth)
	bad := make(map[int]truth)
	for i := range n.order {
		if !n.below(i, at) {
			continue
		}
		if b, ok := n.order[i].body.(*roleBody); ok && b.Seat == seat {
			good[i], bad[i] = min(n.gives(i), is(b.Role <= need)), min(n.gives(i), is(b.Role > need))
		}
	}
	for _, g := range n.grants(seat) {
		if !n.below(g, at) {
			continue
		}
		for _, w := range n.ways(g) {
			if w.seat == seat {
				good[g] = max(good[g], min(n.gives(g), is(w.role <= need)))
				bad[g] = max(bad[g], min(n.gives(g), is(w.role > need)))
			}
		}
		if n.assume && good[g] == yes {
			bad[g] = no
		}
	}
	t := no
	for _, v := range good {
		t = max(t, v)
	}
	for b, v := range bad {
		above := no
		for g, v := range good {
			if n.below(b, g) {
				above = max(above, v)
			}
		}
		t = min(t, max(not(v), above))
	}
	return t
}

func (n *naive) struck(i int, seat DeviceID, need Role) truth {
	return some(n.all(func(r int) bool { return n.beside(r, i) }), func(r int) truth {
		switch b := n.order[r].body.(type) {
		case *removeBody:
			if b.Seat == seat && (n.verdict[r] == maybe || n.seat[r] != seat) {
				return n.strikes(r)
			}
		case *revokeBody:
			if b.Device == n.order[i].Author {
				return n.strikes(r)
			}
		case *roleBody:
			if b.Seat == seat && b.Role != Facilitator && need == Facilitator {
				return n.strikes(r)
			}
		}
		return no
	})
}
