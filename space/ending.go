package space

import "slices"

// maxEndings bounds how many ways a device may have come to its end are looked
// at: a hostile member may write many entries about it.
const maxEndings = 16

// Ending returns the entries, in the log's order, by which a device that was
// let in once ceased to belong, or by which its join does not count: the removal
// of its seat, its revocation, the joins that took all uses of its invitation
// before it, or what ended the place or the role of whoever invited it or let it
// in; and all that is below these. It returns nothing where there is no such
// entry, or where these entries, taken for themselves, do not show that the
// device is out and, unless it is zero, that witness is in. What was written
// above them stays out, and what was written beside them.
func (l *Log) Ending(device, witness DeviceID) [][]byte {
	if _, ok := l.Member(device); ok {
		return nil
	}
	for _, ends := range l.endings(device) {
		sub := l.upTo(ends)
		_, in := sub.Member(device)
		_, seen := sub.Member(witness)
		if !in && (seen || witness == DeviceID{}) {
			return sub.Entries()
		}
	}
	return nil
}

// endings are the sets of entries that may have ended a device's place, in the
// log's order. Whether they have, is for the log to say that holds these and
// what is below them.
func (l *Log) endings(device DeviceID) (ends [][]int) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	grants := slices.Clone(l.joins[device])
	if device == l.nodes[0].entry.Author {
		grants = append(grants, 0)
	}
	if len(grants) == 0 {
		return nil
	}
	c := l.connectionsOf(device, grants)
	back := l.state.letIn(device)
	var rivals []int // joins before the device's own
	for _, i := range l.order {
		n := &l.nodes[i]
		above := slices.ContainsFunc(grants, n.past.has)
		its, behind := false, false
		switch body := n.entry.body.(type) {
		case *removeBody:
			its, behind = c.seats[body.Seat], c.behind[body.Seat]
		case *revokeBody:
			its, behind = body.Device == device, c.behind[body.Device]
		case *roleBody:
			behind = c.behind[body.Seat] && body.Role != Facilitator
		case Application:
			if body.Device != device && c.through[body.Invitation] {
				rivals = append(rivals, i)
			} else if body.Device == device && len(rivals) > 0 {
				ends = append(ends, append(slices.Clone(grants), rivals...))
			}
		}
		switch {
		case above && its:
			// What ended an earlier place tells nothing to a device that has had
			// another since.
			if !slices.ContainsFunc(back, func(grant int32) bool { return l.nodes[grant].past.has(i) }) {
				// It may have been let in beside that once more, in vain: by its own
				// joins it would go on belonging.
				ends = append(ends, append(slices.Clone(grants), i))
			}
		case !above && behind:
			// Its own joins belong to what is to be judged.
			ends = append(ends, append(slices.Clone(grants), i))
		}
		if len(ends) == maxEndings {
			return ends
		}
	}
	return ends
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

// connections are the seats, devices and keys that a device's place depends on.
type connections struct {
	through map[InvitationKey]bool
	seats   map[DeviceID]bool // in which it may sit
	behind  map[DeviceID]bool // who wrote those keys into the log, and its joins
}

// connectionsOf needs the device's grants. The caller holds mu.
func (l *Log) connectionsOf(device DeviceID, grants []int) connections {
	c := connections{
		through: make(map[InvitationKey]bool), seats: map[DeviceID]bool{device: true}, behind: make(map[DeviceID]bool),
	}
	for _, i := range grants {
		if application, ok := l.nodes[i].entry.body.(Application); ok {
			c.through[application.Invitation] = true
			c.behind[l.nodes[i].entry.Author] = true
		}
	}
	for i := range l.nodes {
		e := &l.nodes[i].entry
		switch body := e.body.(type) {
		case *inviteBody:
			if c.through[body.Invitation] {
				c.behind[e.Author] = true
			}
		case *seatKeyBody:
			if c.through[body.Key] {
				c.seats[body.Seat], c.behind[e.Author] = true, true
			}
		}
	}
	delete(c.behind, device)
	return c
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
