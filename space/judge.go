package space

import "slices"

// mode says how entries that are not decided are looked at.
type mode uint8

const (
	// sure: an entry holds whatever becomes of the others.
	sure mode = iota
	// possible: it holds if the others turn out as is best for it.
	possible
	// assumed: it holds if all the others count and none of them strikes it.
	assumed
	// unstruck is possible but for strikes, which are passed over.
	unstruck
)

// speaks reports whether what an entry gives is to be held to be there.
func (g *ledger) speaks(i int32, m mode) bool {
	v := g.facts[i].verdict
	return v == counts || v == open && m != sure
}

// speaksAgainst reports whether what an entry takes is to be held to be gone.
func (g *ledger) speaksAgainst(i int32, m mode) bool {
	v := g.facts[i].verdict
	return v == counts || v == open && (m == sure || m == assumed)
}

// strikes reports whether an entry is to be held to strike what is beside it.
func (g *ledger) strikes(i int32, m mode) bool {
	v := g.facts[i].verdict
	return m != unstruck && (v == counts || v == open && m == sure)
}

// contrary is the mode in which to look at what must not be.
func (m mode) contrary() mode {
	if m == sure {
		return possible
	}
	return sure
}

// judge reports whether an entry holds, through which seat of its author, and
// for what lets in, through which key.
func (g *ledger) judge(i int32, m mode) (seat, via int32, ok bool) {
	f := &g.facts[i]
	via = nobody
	switch body := g.body(i).(type) {
	case nil:
		return nobody, nobody, false // of a newer Parley
	case *foundBody:
		return f.author, nobody, true
	case Application:
		if via, ok = g.passes(i, m); !ok {
			return nobody, nobody, false
		}
	case *answerBody:
		if via, ok = g.answered(i, body.Accept, m); !ok {
			return nobody, nobody, false
		}
	}
	seat, ok = g.standing(i, m)
	return seat, via, ok
}

// standing finds a seat of an entry's author that has the right to it, and in
// which nothing beside it strikes it.
func (g *ledger) standing(i int32, m mode) (seat int32, ok bool) {
	author := &g.subjects[g.facts[i].author]
	for _, grant := range author.grants {
		if !g.below(grant, i) || !g.speaks(grant, m) {
			continue
		}
		g.throughKeys(grant, func(via int32) bool {
			seat = g.leads(grant, via)
			if g.asks(grant, via) || !g.stays(grant, seat, i, m) {
				return true
			}
			need, may := g.need(i, seat, m)
			ok = may && g.ranks(seat, i, need, m) && !g.struck(i, seat, need, m)
			return !ok
		})
		if ok {
			return seat, true
		}
	}
	return nobody, false
}

// throughKeys calls back with the key through which a grant came, or, as long
// as that is not decided, with each through which it may have come.
func (g *ledger) throughKeys(grant int32, each func(via int32) bool) {
	join := g.joinOf(grant)
	if join == nobody || g.facts[grant].verdict == counts {
		each(g.facts[grant].via)
		return
	}
	for _, via := range g.facts[join].door.entries {
		if g.below(via, join) && g.facts[via].verdict != void && !each(via) {
			return
		}
	}
}

// stays reports whether of what is below an entry nothing takes away again
// what a grant has given: a place in a seat.
func (g *ledger) stays(grant, seat, at int32, m mode) bool {
	takes := func(r int32) bool {
		return g.below(r, at) && g.speaksAgainst(r, m) && !g.below(r, grant)
	}
	device := &g.subjects[g.facts[grant].about]
	return !slices.ContainsFunc(g.subjects[seat].removals, takes) && !slices.ContainsFunc(device.revocations, takes)
}

// noRight is the role that everybody has.
const noRight = Keeper

// need is the role that a seat has to have for an entry, at least.
func (g *ledger) need(i, seat int32, m mode) (role Role, ok bool) {
	f := &g.facts[i]
	switch g.body(i).(type) {
	case Application, *personBody, *cutBody:
		return noRight, true
	case *successorBody:
		return Editor, true
	case *seatKeyBody:
		return noRight, f.about == seat
	case *labelBody:
		return noRight, g.seated(f.about, seat, i, m)
	case *confirmBody:
		return Facilitator, f.about != seat
	case *removeBody:
		if f.about == seat {
			return noRight, true
		}
	case *revokeBody:
		if g.seated(f.about, seat, i, m) {
			return noRight, true
		}
	case *withdrawBody:
		return g.needToWithdraw(i, seat, m)
	}
	return Facilitator, true
}

func (g *ledger) needToWithdraw(i, seat int32, m mode) (role Role, ok bool) {
	for _, via := range g.facts[i].door.entries {
		if !g.below(via, i) || !g.speaks(via, m) {
			continue
		}
		if g.key(via).seat == seat {
			return noRight, true
		}
		ok = true
	}
	return Facilitator, ok
}

// seated reports whether a device was let into a seat below an entry, and not
// into another one since: a device changes hands.
func (g *ledger) seated(device, seat, at int32, m mode) bool {
	grants := g.subjects[device].grants
	into := func(grant int32, is func(led int32) bool) (in bool) {
		g.throughKeys(grant, func(via int32) bool {
			in = !g.asks(grant, via) && is(g.leads(grant, via))
			return !in
		})
		return in
	}
	return slices.ContainsFunc(grants, func(grant int32) bool {
		return g.below(grant, at) && g.speaks(grant, m) &&
			into(grant, func(led int32) bool { return led == seat }) &&
			!slices.ContainsFunc(grants, func(later int32) bool {
				return g.below(later, at) && g.below(grant, later) && g.speaksAgainst(later, m) &&
					into(later, func(led int32) bool { return led != seat })
			})
	})
}

// ranks reports whether the role of a seat below an entry is enough: whether
// of what gives it a role, everything that is not enough has something above
// it that is.
func (g *ledger) ranks(seat, at int32, need Role, m mode) bool {
	if need == noRight {
		return true
	}
	var goods []int32
	for _, i := range slices.Backward(g.subjects[seat].ranks) {
		if !g.below(i, at) || g.facts[i].verdict == void {
			continue
		}
		good, bad := g.rank(i, seat, need, m)
		if bad && !slices.ContainsFunc(goods, func(above int32) bool { return g.below(i, above) }) {
			return false
		}
		if good {
			goods = append(goods, i)
		}
	}
	return len(goods) > 0
}

// rank reports whether an entry is to be held to give a seat a role that is
// enough, and whether one that is not.
func (g *ledger) rank(i, seat int32, need Role, m mode) (good, bad bool) {
	switch body := g.body(i).(type) {
	case *foundBody:
		good = true
	case *roleBody:
		good = body.Role <= need
		bad = !good
	default:
		g.throughKeys(i, func(via int32) bool {
			if !g.asks(i, via) && g.leads(i, via) == seat {
				enough := g.key(via).role <= need
				good, bad = good || enough, bad || !enough
			}
			return true
		})
		if m == assumed && good {
			bad = false
		}
	}
	return good && g.speaks(i, m), bad && g.speaksAgainst(i, m)
}

// struck reports whether somebody took away, beside an entry, what its author
// needs for it.
func (g *ledger) struck(i, seat int32, need Role, m mode) bool {
	beside := func(r int32) bool { return g.strikes(r, m) && g.beside(r, i) }
	removed := func(r int32) bool {
		return beside(r) && (g.facts[r].verdict == open || g.facts[r].seat != seat)
	}
	demoted := func(r int32) bool {
		return g.demotes(r) && beside(r)
	}
	return slices.ContainsFunc(g.subjects[seat].removals, removed) ||
		slices.ContainsFunc(g.subjects[g.facts[i].author].revocations, beside) ||
		need == Facilitator && slices.ContainsFunc(g.subjects[seat].ranks, demoted)
}

func (g *ledger) demotes(i int32) bool {
	body, ok := g.body(i).(*roleBody)
	return ok && body.Role != Facilitator
}
