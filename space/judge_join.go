package space

import "slices"

// passes reports whether an application is good where a join is, and through
// which invite or seat key: of those that are below it and count, the first in
// the log's order of those whose turn comes first.
func (g *ledger) passes(i int32, m mode) (via int32, ok bool) {
	for turn := invited; turn <= unproven; turn++ {
		for _, via := range g.facts[i].door.entries {
			if g.turn(via) != turn || !g.below(via, i) || g.facts[via].verdict == void {
				continue
			}
			if g.speaks(via, m) && g.lets(via, i, m) {
				return via, true
			}
			if g.speaksAgainst(via, m) {
				return nobody, false
			}
		}
	}
	return nobody, false
}

// turn says which of several key entries of one key goes first. Whoever came by
// an invitation has its secret, and could put a seat key of their own before
// it; whoever has none could copy the public half of somebody's seat key into
// an invitation, but cannot prove to have made it.
type turn uint8

const (
	invited turn = iota
	registered
	unproven
)

func (g *ledger) turn(via int32) turn {
	switch body := g.body(via).(type) {
	case *seatKeyBody:
		return registered
	case *inviteBody:
		if len(body.Proof) == 0 {
			return unproven
		}
	}
	return invited
}

// lets reports whether an invite or seat key lets somebody in with a join.
func (g *ledger) lets(via, i int32, m mode) bool {
	f, k := &g.facts[i], g.key(via)
	if k.expiry != 0 && uint64(g.log.nodes[i].entry.Time.Unix()) > k.expiry {
		return false
	}
	if g.over(via, k, i, m) || g.present(f.about, i, m.contrary()) {
		return false
	}
	if k.seat == nobody && g.inhabited(f.about, i, m.contrary()) {
		return false
	}
	// An application is good as long as its invitation. So one from before its
	// device was put out must not be good for that: anybody who has it could ask
	// in the name of who has left.
	if g.expelled(f.about, via, i, m) {
		return false
	}
	return k.ask || g.room(via, k, f.door.joins, i, m) // who asks takes no use
}

// over reports whether an invite or seat key has ended below an entry.
func (g *ledger) over(via int32, k key, at int32, m mode) bool {
	since := func(r int32) bool { return g.below(r, at) && g.below(via, r) && g.speaksAgainst(r, m) }
	withdrawn := func(r int32) bool { return since(r) && g.mayEnd(r, k, m) }
	if slices.ContainsFunc(g.facts[via].door.withdrawals, withdrawn) {
		return true
	}
	// Who is removed takes along the keys that they have given out, but not
	// when they leave, unless the keys lead into their own seat.
	seat := g.facts[via].seat
	if k.seat != nobody {
		seat = k.seat
	}
	if seat != nobody && slices.ContainsFunc(g.subjects[seat].removals, func(r int32) bool {
		left := k.seat == nobody && g.facts[r].verdict == counts && g.facts[r].seat == seat
		return !left && g.below(r, at) && !g.below(r, via) && g.speaksAgainst(r, m)
	}) {
		return true
	}
	// Whoever has the device of an author, or lost a facilitator's role, knows
	// the codes that they made.
	later := func(r int32) bool { return g.below(r, at) && !g.below(r, via) && g.speaksAgainst(r, m) }
	if slices.ContainsFunc(g.subjects[g.facts[via].author].revocations, later) ||
		k.seat == nobody && seat != nobody && slices.ContainsFunc(g.subjects[seat].demotions, later) {
		return true
	}
	return g.isRecovery(via) && slices.ContainsFunc(g.subjects[seat].keys, func(r int32) bool {
		return g.isRecovery(r) && since(r)
	})
}

// mayEnd reports whether a withdrawal is to be held to end a key entry, and not
// only others of the same key: without a facilitator's role it ends only what
// leads into its author's own seat.
func (g *ledger) mayEnd(r int32, k key, m mode) bool {
	f := &g.facts[r]
	if f.verdict != counts || f.seat == k.seat {
		return true
	}
	m = m.contrary()
	return g.ranks(f.seat, r, Facilitator, m) && !g.struck(r, f.seat, Facilitator, m)
}

func (g *ledger) isRecovery(i int32) bool {
	body, ok := g.body(i).(*seatKeyBody)
	return ok && body.Purpose == Recovery
}

// present reports whether a device is in the space below an entry.
func (g *ledger) present(device, at int32, m mode) bool {
	return slices.ContainsFunc(g.subjects[device].grants, func(grant int32) bool {
		return g.holds(grant, nobody, at, m)
	})
}

// holds reports whether, below an entry, a grant holds its device in a seat;
// nobody stands for any.
func (g *ledger) holds(grant, seat, at int32, m mode) (ok bool) {
	if !g.below(grant, at) || !g.speaks(grant, m) {
		return false
	}
	g.throughKeys(grant, func(via int32) bool {
		led := g.leads(grant, via)
		ok = !g.asks(grant, via) && (seat == nobody || led == seat) && g.stays(grant, led, at, m)
		return !ok
	})
	return ok
}

// inhabited reports whether a seat has a device below an entry.
func (g *ledger) inhabited(seat, at int32, m mode) bool {
	holds := func(grant int32) bool { return g.holds(grant, seat, at, m) }
	return slices.ContainsFunc(g.subjects[seat].grants, holds) ||
		slices.ContainsFunc(g.subjects[seat].doors, func(way *door) bool {
			return slices.ContainsFunc(way.joins, holds)
		})
}

// expelled reports whether a device was taken out of the space below an entry
// and not below what lets it in again.
func (g *ledger) expelled(device, by, at int32, m mode) bool {
	since := func(r int32) bool { return g.below(r, at) && !g.below(r, by) && g.speaksAgainst(r, m) }
	return slices.ContainsFunc(g.subjects[device].revocations, since) ||
		slices.ContainsFunc(g.subjects[device].grants, func(grant int32) (out bool) {
			if g.below(grant, at) && g.speaksAgainst(grant, m) {
				g.throughKeys(grant, func(via int32) bool {
					out = !g.asks(grant, via) && slices.ContainsFunc(g.subjects[g.leads(grant, via)].removals, since)
					return !out
				})
			}
			return out
		})
}

// room reports whether a key has a use left for an entry, of those that take
// its uses: they are taken in the log's order, one for each device.
func (g *ledger) room(via int32, k key, takers []int32, i int32, m mode) bool {
	if len(takers) <= k.uses {
		return true
	}
	taken := make(map[int32]bool)
	for _, other := range takers {
		if other == i {
			break
		}
		device := g.facts[other].about
		mine := device == g.facts[i].about
		if mine && g.speaks(other, m) && g.mayBeVia(other, via, m) {
			return true // it has a use already
		}
		if !mine && len(taken) < k.uses && g.speaksAgainst(other, m) && g.mayBeVia(other, via, m.contrary()) {
			taken[device] = true
		}
	}
	return len(taken) < k.uses
}

func (g *ledger) mayBeVia(grant, via int32, m mode) bool {
	if g.facts[grant].verdict == counts {
		return g.facts[grant].via == via
	}
	return m != sure && g.below(via, g.joinOf(grant))
}

// answered reports whether an answer is one to a request, and if it is a yes,
// whether it lets the newcomer in and through which key they came.
func (g *ledger) answered(i int32, yes bool, m mode) (via int32, ok bool) {
	f := &g.facts[i]
	if f.join == nobody || !g.speaks(f.join, m) {
		return nobody, false
	}
	g.throughKeys(f.join, func(key int32) bool {
		via = key
		ok = g.asks(f.join, key) && (!yes || g.accepts(i, key, m))
		return !ok
	})
	return via, ok
}

func (g *ledger) accepts(i, via int32, m mode) bool {
	f, k := &g.facts[i], g.key(via)
	refused := func(other int32) bool {
		return g.beside(other, i) && g.speaksAgainst(other, m)
	}
	return !slices.ContainsFunc(g.refusals[f.join], refused) &&
		!g.present(f.about, i, m.contrary()) && !g.inhabited(f.about, i, m.contrary()) &&
		!g.expelled(f.about, f.join, i, m) && g.room(via, k, f.door.answers, i, m)
}
