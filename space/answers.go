package space

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// Seats returns the seats that have a live device, in the order of joining.
func (l *Log) Seats() []Seat {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.state
	at := make(map[int32]int)
	var seats []Seat
	for _, m := range s.joined {
		i, ok := at[m.seat]
		if !ok {
			i = len(seats)
			at[m.seat] = i
			seats = append(seats, s.describeSeat(m.seat))
		}
		seats[i].Devices = append(seats[i].Devices, s.describeMember(m))
	}
	return seats
}

// Seat returns a live seat, by its ID or by any live device of it.
func (l *Log) Seat(device DeviceID) (Seat, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.state
	number, ok := s.numbers[device]
	if !ok {
		return Seat{}, false
	}
	if m, ok := s.members[number]; ok {
		number = m.seat
	}
	if s.seats[number] == nil {
		return Seat{}, false
	}
	described := s.describeSeat(number)
	for _, m := range s.devicesOf(number) {
		described.Devices = append(described.Devices, s.describeMember(m))
	}
	return described, len(described.Devices) > 0
}

// SeatOf is the ID of the seat that a device belongs to or, where it belongs to
// none any more, did last.
func (l *Log) SeatOf(device DeviceID) (DeviceID, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.state
	number, ok := s.numbers[device]
	if !ok {
		return DeviceID{}, false
	}
	if m, live := s.members[number]; live {
		return s.subjects[m.seat].id, true
	}
	last := int32(nobody)
	var seat DeviceID
	for _, of := range s.seats {
		for _, grant := range of.grants {
			if s.facts[grant].about == number && (last == nobody || s.log.place[grant] > s.log.place[last]) {
				last, seat = grant, s.subjects[of.number].id
			}
		}
	}
	return seat, last != nobody
}

// devicesOf lists the live devices of a seat, in the order of joining.
func (s *state) devicesOf(number int32) []*member {
	var devices []*member
	for _, device := range s.seats[number].devices {
		if m := s.members[device]; m != nil && m.seat == number {
			devices = append(devices, m)
		}
	}
	slices.SortFunc(devices, func(a, b *member) int { return s.log.place[a.grant] - s.log.place[b.grant] })
	return devices
}

// describeSeat says everything of a seat but its devices.
func (s *state) describeSeat(number int32) Seat {
	of := s.seats[number]
	described := Seat{ID: s.subjects[number].id, Person: of.person, Role: of.role, ConfirmedBy: of.confirmedBy(s)}
	// The grant that stands longest, or the last one of a seat that is over.
	var by int32 = nobody
	for _, grant := range of.grants {
		if s.facts[grant].about != number {
			continue
		}
		by = grant
		if !s.removedAfter(grant, number) {
			break
		}
	}
	if by == nobody {
		return described
	}
	described.Joined = s.log.nodes[by].entry.Time
	if f := &s.facts[by]; f.via != nobody {
		described.InvitedBy, described.Admitted = s.subjects[s.facts[f.via].seat].id, s.subjects[f.seat].id
	}
	return described
}

func (s *state) removedAfter(grant, number int32) bool {
	return slices.ContainsFunc(s.subjects[number].removals, func(r int32) bool {
		return s.facts[r].verdict == counts && !s.below(r, grant)
	})
}

// confirmedBy is who has confirmed what a person says of themselves now.
func (of *seat) confirmedBy(s *state) DeviceID {
	c := of.confirm
	if c == nil || !c.Yes || c.Person.Standing != of.person.Standing || c.Person.Organisation != of.person.Organisation {
		return DeviceID{}
	}
	return s.subjects[of.by].id
}

// Facilitators is the number of seats that can change who belongs.
func (l *Log) Facilitators() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.state.facilitators()
}

func (s *state) facilitators() int {
	seats := make(map[int32]bool)
	for _, m := range s.joined {
		if s.seats[m.seat].role == Facilitator {
			seats[m.seat] = true
		}
	}
	return len(seats)
}

// Formers returns the seats whose persons were removed, have left or have no
// device in the space any more, in the order in which that came to be.
func (l *Log) Formers() []Former {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.state
	live := make(map[int32]bool)
	for _, m := range s.joined {
		live[m.seat] = true
	}
	type former struct {
		Former
		place int
	}
	var formers []former
	for number, of := range s.seats {
		end := s.endOf(of)
		if live[number] || end == nobody {
			continue
		}
		formers = append(formers, former{place: s.log.place[end], Former: Former{
			Seat: s.describeSeat(number),
			Left: s.facts[end].seat == number, By: s.subjects[s.facts[end].seat].id, When: s.log.nodes[end].entry.Time,
		}})
	}
	slices.SortFunc(formers, func(a, b former) int {
		return cmp.Or(a.place-b.place, bytes.Compare(a.ID[:], b.ID[:]))
	})
	described := make([]Former, len(formers))
	for i, f := range formers {
		described[i] = f.Former
	}
	return described
}

// endOf is the last entry that took a seat's devices away, or nobody.
func (s *state) endOf(of *seat) int32 {
	last := int32(nobody)
	for _, grant := range of.grants {
		if end := s.ended(grant, of.number); end != nobody && (last == nobody || s.log.place[end] > s.log.place[last]) {
			last = end
		}
	}
	return last
}

// Requests returns the applications that wait for a facilitator, in the log's
// order. Somebody who has asked several members has several, and a no to one
// of them is a no to all by that invitation. Those of somebody who was removed
// since wait for nothing: no yes would count.
func (l *Log) Requests() []Request {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.state
	type bid struct {
		about      int32
		invitation InvitationKey
	}
	declined := make(map[bid]bool)
	for _, i := range s.asked {
		if s.declined(i) {
			declined[bid{s.facts[i].about, s.body(i).(Application).Invitation}] = true
		}
	}
	var requests []Request
	for _, i := range s.asked {
		f := &s.facts[i]
		a := s.body(i).(Application)
		if s.answered[i] || s.members[f.about] != nil || declined[bid{f.about, a.Invitation}] || s.expelled(f.about, i, whole, sure) {
			continue
		}
		requests = append(requests, Request{
			Join: s.log.nodes[i].entry.Hash, Device: a.Device, Label: a.Label, Person: a.Person,
			Role: s.key(f.via).role, Invitation: a.Invitation,
			Admitted: s.subjects[f.seat].id, When: s.log.nodes[i].entry.Time,
		})
	}
	return requests
}

// Archived reports whether the space is read-only for all.
func (l *Log) Archived() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.state.archived
}

// Successors returns the spaces that were founded to take the place of this
// one, in the log's order, if no facilitator is left here.
func (l *Log) Successors() []Successor {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.state
	if s.facilitators() > 0 {
		return nil
	}
	var successors []Successor
	for _, i := range s.successors {
		made := Successor{
			Codes: make(map[Role]Code), By: s.subjects[s.facts[i].seat].id, When: s.log.nodes[i].entry.Time,
		}
		for role, text := range s.body(i).(*successorBody).Codes {
			if code, err := ParseCode(text); err == nil {
				made.Codes[role] = code
			}
		}
		successors = append(successors, made)
	}
	return successors
}

// Newer reports whether the log holds entries of a kind that this version of
// Parley does not know: somebody uses a newer one.
func (l *Log) Newer() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.state.newer
}

// Stranded returns the applications that would have let somebody in but for
// the removal, at the same time, of the member who let them in, and whose
// invitation is good at now: any member may admit them again.
func (l *Log) Stranded(now time.Time) []Application {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.state
	var stranded []Application
	seen := make(map[int32]bool)
	for i := range s.log.nodes {
		a, ok := s.body(int32(i)).(Application)
		f := &s.facts[i]
		if !ok || f.verdict == counts || seen[f.about] || s.admissible(a, now) != nil {
			continue
		}
		if _, _, ok := s.judge(int32(i), unstruck); ok {
			seen[f.about] = true
			stranded = append(stranded, a)
		}
	}
	return stranded
}
