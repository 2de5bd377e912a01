package space

import "slices"

// Limits for who writes many entries beside one another, or lets in devices of
// their own making who do. They depend on what came first, and so they decide
// only about what no other member has built on: otherwise whoever tells some
// one thing and some another could keep these apart for ever.
const (
	MaxEntriesBeside = 1 << 13 // entries of one author in a log
	Reserve          = 1 << 13 // the last of MaxEntries, for who is in the space
	MaxReserved      = 1 << 9  // entries of the devices of one seat in the reserve
)

// crowded reports whether there is no room left for what a device writes. The
// caller holds the lock.
func (l *Log) crowded(author DeviceID) bool {
	if len(l.written[author]) >= MaxEntriesBeside {
		return true
	}
	if !l.inReserve() {
		return false
	}
	m, ok := l.state.member(author)
	if !ok {
		return true
	}
	used := 0
	for _, device := range l.state.seats[m.seat].devices {
		written := l.written[l.state.subjects[device].id]
		before, _ := slices.BinarySearch(written, MaxEntries-Reserve)
		used += len(written) - before
	}
	return used >= MaxReserved
}

func (l *Log) inReserve() bool { return len(l.nodes) >= MaxEntries-Reserve }

// hasRoom reports whether there is room for an entry, or whether it is kept
// because of what is above it: what a member in another seat has built on, or,
// in the reserve, a facilitator. The caller holds the lock.
func (l *Log) hasRoom(e Entry, above builders) bool {
	if !l.crowded(e.Author) {
		return true
	}
	seat := int32(nobody)
	if m, ok := l.state.member(e.Author); ok {
		seat = m.seat
	}
	if l.inReserve() {
		return above.facilitators.other(seat)
	}
	return above.members.other(seat)
}

// builders are the seats of those who have built on an entry.
type builders struct {
	members, facilitators seatsAbove
}

// seatsAbove is a set of seats, as far as matters: none, one or several.
type seatsAbove struct {
	one     int32
	some    bool
	several bool
}

func (s seatsAbove) other(than int32) bool { return s.several || s.some && s.one != than }

func (s seatsAbove) with(t seatsAbove) seatsAbove {
	switch {
	case !t.some:
		return s
	case !s.some:
		return t
	}
	s.several = s.several || t.several || s.one != t.one
	return s
}

// buildersOn finds who has built on each of some new entries, parents first:
// only those are asked who are in the space, and for whose own entries there is
// room. The caller holds the lock.
func (l *Log) buildersOn(sorted []Entry) map[Hash]builders {
	above := make(map[Hash]builders, len(sorted))
	crowded := make(map[DeviceID]bool)
	for _, e := range slices.Backward(sorted) {
		passed := above[e.Hash]
		if m, ok := l.state.member(e.Author); ok {
			full, asked := crowded[e.Author]
			if !asked {
				full = l.crowded(e.Author)
				crowded[e.Author] = full
			}
			if !full {
				by := seatsAbove{one: m.seat, some: true}
				passed.members = passed.members.with(by)
				if l.state.seats[m.seat].role == Facilitator {
					passed.facilitators = passed.facilitators.with(by)
				}
			}
		}
		for _, parent := range e.Parents {
			if _, known := l.index[parent]; known {
				continue
			}
			of := above[parent]
			above[parent] = builders{of.members.with(passed.members), of.facilitators.with(passed.facilitators)}
		}
	}
	return above
}
