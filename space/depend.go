package space

import "slices"

// voice is a list of entries of which some may have a say in whether another
// counts.
type voice struct {
	list []int32
	// beside: also those that are concurrent, and not only those below.
	beside bool
	// demoting: of those that are concurrent only what demotes a seat.
	demoting bool
	// single: the one entry of the list has a say wherever it is.
	single bool
}

// voices appends the lists on which it depends whether an entry counts. They
// are given by what the entries say, not by what counts, so that everybody
// finds the same circles.
func (g *ledger) voices(i int32, into []voice) []voice {
	f := &g.facts[i]
	if g.body(i) == nil || i == 0 {
		return into
	}
	author := &g.subjects[f.author]
	into = append(into, voice{list: author.grants}, voice{list: author.revocations, beside: true})
	ranked := g.ranked(i)
	for _, seat := range g.seatsOf(f.author, i) {
		into = append(into, voice{list: g.subjects[seat].removals, beside: true})
		if ranked {
			into = append(into, voice{list: g.subjects[seat].ranks, demoting: true})
		}
	}
	switch body := g.body(i).(type) {
	case *revokeBody, *labelBody:
		into = append(into, voice{list: g.subjects[f.about].grants})
	case *withdrawBody:
		into = append(into, voice{list: f.door.entries})
	case Application:
		into = g.newcomerVoices(i, before(f.door.joins, i, g.log.place), into)
	case *answerBody:
		if f.join == nobody {
			break
		}
		into = append(into, voice{list: []int32{f.join}})
		if body.Accept {
			into = append(into, voice{list: g.refusals[f.join], beside: true})
			into = g.newcomerVoices(i, before(f.door.answers, i, g.log.place), into)
		}
	}
	return into
}

// ranked reports whether the role of an entry's author may have a say in it.
func (g *ledger) ranked(i int32) bool {
	switch g.body(i).(type) {
	case Application, *personBody, *cutBody, *seatKeyBody, *labelBody:
		return false
	}
	return true
}

// newcomerVoices are for what lets a device in. Those who took a use of the
// key depend each on the one before.
func (g *ledger) newcomerVoices(i int32, previous []int32, into []voice) []voice {
	f := &g.facts[i]
	into = append(into,
		voice{list: previous, single: true},
		voice{list: f.door.entries}, voice{list: f.door.withdrawals},
		voice{list: g.subjects[f.about].grants}, voice{list: g.subjects[f.about].revocations})
	seats := append([]int32{f.about}, g.seatsOf(f.about, i)...)
	for _, via := range f.door.entries {
		if !g.below(via, i) {
			continue
		}
		if seat := g.key(via).seat; seat != nobody {
			seats = append(seats, seat)
			into = append(into, voice{list: g.subjects[seat].keys})
		} else {
			seats = append(seats, g.seatsOf(g.facts[via].author, via)...)
		}
	}
	slices.Sort(seats)
	for _, seat := range slices.Compact(seats) {
		into = append(into, voice{list: g.subjects[seat].removals})
	}
	for _, key := range g.subjects[f.about].keys {
		if !g.below(key, i) {
			continue
		}
		joins := g.facts[key].door.joins
		into = append(into, voice{list: joins})
		for _, join := range joins {
			if g.below(join, i) {
				into = append(into, voice{list: g.subjects[g.facts[join].about].revocations})
			}
		}
	}
	return into
}

// before is the entry of a list that comes before another one in the log's
// order, or nothing.
func before(list []int32, i int32, place []int) []int32 {
	at, _ := slices.BinarySearchFunc(list, i, func(a, b int32) int { return place[a] - place[b] })
	return list[max(at-1, 0):at]
}

// seatsOf lists the seats that a device may have been let into below an entry.
func (g *ledger) seatsOf(device, at int32) []int32 {
	var seats []int32
	for _, grant := range g.subjects[device].grants {
		join := g.joinOf(grant)
		if !g.below(grant, at) {
			continue
		}
		if join == nobody {
			seats = append(seats, device)
			continue
		}
		for _, via := range g.facts[join].door.entries {
			if g.below(via, join) {
				seats = append(seats, g.leads(grant, via))
			}
		}
	}
	if len(seats) > 1 {
		slices.Sort(seats)
		seats = slices.Compact(seats)
	}
	return seats
}

// depends reports whether an entry of a list has a say in another one.
func (g *ledger) depends(i, on int32, s voice) bool {
	switch {
	case s.single:
		return true
	case s.beside:
		return i != on && !g.below(i, on)
	case s.demoting:
		return g.below(on, i) || g.demotes(on) && g.beside(on, i)
	}
	return g.below(on, i)
}
