package space

import "slices"

// maxEndings bounds how many ways a device may have come to its end are looked
// at, each of which costs a look at a log: a hostile member may write many
// entries about it.
const maxEndings = 16

// Ending returns the entries, in the log's order, by which a device that was
// let in once ceased to belong, or by which its join does not count: the removal
// of its seat, its revocation, the joins that took all uses of its invitation
// before it, or what ended the place or the role of whoever invited it or let it
// in, or of whoever did that with these; and all that is below. It returns
// nothing where there is no such entry, or where these entries, taken for
// themselves, do not show that the device is out and, unless it is zero, that
// witness is in. What was written above them stays out, and what was written
// beside them.
func (l *Log) Ending(device, witness DeviceID) [][]byte {
	if _, ok := l.Member(device); ok {
		return nil
	}
	grants, ends := l.endings(device)
	if len(grants) == 0 {
		return nil
	}
	shown := func(tops []int32) [][]byte {
		// It may have been let in more than once, and all its joins belong to what
		// is to be judged: by one that is left out it would go on belonging.
		sub := l.upTo(nodesOf(append(slices.Clone(grants), tops...)))
		_, in := sub.Member(device)
		_, seen := sub.Member(witness)
		if in || !seen && witness != (DeviceID{}) {
			return nil
		}
		return sub.Entries()
	}
	for _, tops := range ends[:min(len(ends), maxEndings)] {
		if told := shown(tops); told != nil {
			return told
		}
	}
	return shownByFewest(ends, shown)
}

// shownByFewest looks for an ending among several ways together, where none ends
// a place by itself: who had been let in twice may have lost the one place by one
// entry and the other by another.
func shownByFewest(ends [][]int32, shown func(tops []int32) [][]byte) (told [][]byte) {
	var tops []int32
	for n := 2; told == nil && n < 2*len(ends); n *= 2 {
		tops = slices.Concat(ends[:min(n, len(ends))]...)
		told = shown(tops)
	}
	for i := 0; told != nil && i < min(len(tops), maxEndings); {
		fewer := slices.Delete(slices.Clone(tops), i, i+1)
		if less := shown(fewer); less != nil {
			told, tops = less, fewer
			continue
		}
		i++
	}
	return told
}

// endings are the entries that may have let a device in, and sets of others, of
// which each may have ended its place: the nearer they are to it the earlier they
// come. Whether they have, is for the log to say that holds both and what is below
// them.
func (l *Log) endings(device DeviceID) (grants []int32, ends [][]int32) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	g := l.state.ledger
	number, ok := g.numbers[device]
	if !ok || !slices.ContainsFunc(g.subjects[number].grants, g.mayLetIn) {
		return nil, nil
	}
	grants = slices.Clone(g.subjects[number].grants)
	known := g.pastOf(nodesOf(grants))
	if len(l.state.letIn(device)) > 0 {
		// It may have been put out below a join in vain.
		ends = append(ends, nil)
	}
	for _, grant := range grants {
		if way := g.facts[grant].door; way != nil && len(before(way.joins, g.joinOf(grant), l.place)) > 0 {
			first, _ := slices.BinarySearchFunc(way.joins, g.joinOf(grant), func(a, b int32) int { return l.place[a] - l.place[b] })
			ends = append(ends, slices.Clone(way.joins[:first]))
		}
	}
	roots := slices.Clone(grants)
	for _, seat := range g.seatsUnder(number, &known) {
		roots = append(roots, g.subjects[seat].removals...)
	}
	roots = append(roots, g.subjects[number].revocations...)
	for _, i := range g.dependedOn(roots) {
		if g.facts[i].verdict == counts && g.takesAway(i) && !known.has(int(i)) {
			ends = append(ends, []int32{i})
		}
	}
	return grants, ends
}

// mayLetIn reports whether an entry that gives a device a place may have done so
// by itself, in the eyes of somebody: who only asked was never in.
func (g *ledger) mayLetIn(grant int32) bool {
	join := g.joinOf(grant)
	return join == nobody || slices.ContainsFunc(g.facts[join].door.entries, func(via int32) bool {
		return g.below(via, join) && !g.asks(grant, via)
	})
}

// takesAway reports whether an entry takes something from somebody.
func (g *ledger) takesAway(i int32) bool {
	switch g.body(i).(type) {
	case *removeBody, *revokeBody, *roleBody, *withdrawBody, Application, *answerBody:
		return true
	}
	return false
}

// dependedOn are some entries and all that have a say in whether they count: those
// with a say in the given ones first, then those with a say in these, and so on,
// and in the log's order among themselves.
func (g *ledger) dependedOn(entries []int32) (all []int32) {
	seen := make(map[int32]bool)
	for len(entries) > 0 {
		slices.SortFunc(entries, func(a, b int32) int { return g.log.place[a] - g.log.place[b] })
		var next []int32
		for _, i := range entries {
			if seen[i] {
				continue
			}
			seen[i] = true
			all = append(all, i)
			for _, v := range g.voices(i, nil) {
				for _, on := range v.list {
					if !seen[on] && g.depends(i, on, v) {
						next = append(next, on)
					}
				}
			}
		}
		entries = next
	}
	return all
}

func nodesOf(list []int32) []int {
	nodes := make([]int, len(list))
	for at, i := range list {
		nodes[at] = int(i)
	}
	return nodes
}

// LetIn says how often a device was let into a seat, whatever became of that.
// Its ending is another one after each time.
func (l *Log) LetIn(device DeviceID) int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if _, ok := l.state.numbers[device]; !ok {
		return 0
	}
	return len(l.state.letIn(device))
}

// letIn are the grants by which a device came to sit somewhere, whatever became
// of that.
func (s *state) letIn(device DeviceID) (grants []int32) {
	for _, grant := range s.subjects[s.numbers[device]].grants {
		if f := &s.facts[grant]; f.verdict == counts && !s.asks(grant, f.via) {
			grants = append(grants, grant)
		}
	}
	return grants
}

// upTo is the log that holds some entries and all that is below them.
func (l *Log) upTo(tops []int) *Log {
	l.mu.RLock()
	below := pastOf(tops, func(i int) past { return l.nodes[i].past })
	entries := make([]Entry, 0, len(l.nodes))
	for i := range l.nodes {
		if below.has(i) {
			entries = append(entries, l.nodes[i].entry)
		}
	}
	l.mu.RUnlock()
	sub := newLog(entries[0])
	sub.Insert(entries[1:])
	return sub
}

// Declined reports whether a facilitator has said no to a device that asked to
// be let in by an invitation. That is the answer to this invitation; by another
// it may ask again.
func (l *Log) Declined(device DeviceID, invitation InvitationKey) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.state
	number, ok := s.numbers[device]
	return ok && slices.ContainsFunc(s.asked, func(join int32) bool {
		return s.facts[join].about == number && s.body(join).(Application).Invitation == invitation && s.declined(join)
	})
}

// declined reports whether a no to this very request counts.
func (s *state) declined(join int32) bool {
	return slices.ContainsFunc(s.refusals[join], func(no int32) bool { return s.facts[no].verdict == counts })
}
