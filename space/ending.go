package space

import "slices"

// Ending returns the entries, in the log's order, by which a device that was
// let in once ceased to belong: the removal of its seat, its revocation, or the
// joins that took all uses of its invitation before it; and all that is below
// these. It returns nothing where there is no such entry, or where these
// entries, taken for themselves, do not show that the device is out and, unless
// it is zero, that witness is in. What was written beside them and above them
// stays out.
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
	seats := map[DeviceID]bool{device: true}
	through := make(map[InvitationKey]bool)
	for _, i := range grants {
		if application, ok := l.nodes[i].entry.body.(Application); ok {
			through[application.Invitation] = true
		}
	}
	var rivals []int // joins before the device's own
	for _, i := range l.order {
		n := &l.nodes[i]
		above := slices.ContainsFunc(grants, n.past.has)
		switch body := n.entry.body.(type) {
		case *seatKeyBody:
			if through[body.Key] {
				seats[body.Seat] = true
			}
		case *removeBody:
			if above && seats[body.Seat] {
				ends = append(ends, []int{i})
			}
		case *revokeBody:
			if above && body.Device == device {
				ends = append(ends, []int{i})
			}
		case Application:
			switch {
			case body.Device != device && through[body.Invitation]:
				rivals = append(rivals, i)
			case body.Device == device && len(rivals) > 0:
				// Its own join belongs to what is to be judged.
				ends = append(ends, append(slices.Clone(rivals), i))
			}
		}
	}
	return ends
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
		return s.facts[join].about == number && s.body(join).(Application).Invitation == invitation &&
			slices.ContainsFunc(s.refusals[join], func(no int32) bool { return s.facts[no].verdict == counts })
	})
}
