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
	var led []int32 // into which keys lead
	var authors, inviting []int32
	seats := append([]int32{f.about}, g.seatsOf(f.about, i)...)
	inviters := make(map[int32][]int)
	for _, via := range f.door.entries {
		if !g.below(via, i) {
			continue
		}
		author := g.facts[via].author
		authors = append(authors, author)
		if seat := g.key(via).seat; seat != nobody {
			seats = append(seats, seat)
			led = append(led, seat)
		} else {
			inviters[author] = append(inviters[author], int(via))
		}
	}
	for author, vias := range inviters {
		under := g.pastOf(vias)
		inviting = append(inviting, g.seatsUnder(author, &under)...)
	}
	seats = append(seats, inviting...)
	for _, author := range distinct(authors) {
		if revocations := g.subjects[author].revocations; len(revocations) > 0 {
			into = append(into, voice{list: revocations})
		}
	}
	for _, seat := range distinct(inviting) {
		if demotions := g.subjects[seat].demotions; len(demotions) > 0 {
			into = append(into, voice{list: demotions})
		}
	}
	for _, seat := range distinct(led) {
		into = append(into, voice{list: g.subjects[seat].keys})
	}
	for _, seat := range distinct(seats) {
		if removals := g.subjects[seat].removals; len(removals) > 0 {
			into = append(into, voice{list: removals})
		}
	}
	return g.deviceVoices(i, into)
}

// deviceVoices are for what lets a device in that has a seat of its own: on the
// further devices that were let into that seat it depends whether it may.
func (g *ledger) deviceVoices(i int32, into []voice) []voice {
	doors, devices := make(map[*door]bool), make(map[int32]bool)
	for _, key := range g.subjects[g.facts[i].about].keys {
		way := g.facts[key].door
		if doors[way] || !g.below(key, i) {
			continue
		}
		doors[way] = true
		into = append(into, voice{list: way.joins})
		for _, join := range way.joins {
			device := g.facts[join].about
			if devices[device] || !g.below(join, i) {
				continue
			}
			devices[device] = true
			if revocations := g.subjects[device].revocations; len(revocations) > 0 {
				into = append(into, voice{list: revocations})
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
	return g.seatsUnder(device, &g.pasts[at])
}

// seatsUnder lists the seats that a device may have been let into by what is in
// a set of entries. The joins with one key are looked at together: each of them
// may have all entries with that key below it.
func (g *ledger) seatsUnder(device int32, under *past) []int32 {
	var seats []int32
	var ways []*door
	joins := make(map[*door][]int)
	for _, grant := range g.subjects[device].grants {
		if !under.has(int(grant)) {
			continue
		}
		join := g.joinOf(grant)
		if join == nobody {
			seats = append(seats, device)
			continue
		}
		way := g.facts[join].door
		if joins[way] == nil {
			ways = append(ways, way)
		}
		joins[way] = append(joins[way], int(join))
	}
	for _, way := range ways {
		below := func(via int32) bool {
			return slices.ContainsFunc(joins[way], func(join int) bool { return g.below(via, int32(join)) })
		}
		if len(joins[way]) > 8 {
			together := g.pastOf(joins[way])
			below = func(via int32) bool { return together.has(int(via)) }
		}
		for _, via := range way.entries {
			if !below(via) {
				continue
			}
			seat := g.key(via).seat
			if seat == nobody {
				seat = device
			}
			seats = append(seats, seat)
		}
	}
	return distinct(seats)
}

// pastOf is what is below any of some entries, and these.
func (g *ledger) pastOf(entries []int) past {
	return pastOf(entries, func(i int) past { return g.pasts[i] })
}

// distinct sorts a list, each once.
func distinct(list []int32) []int32 {
	slices.Sort(list)
	return slices.Compact(list)
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
