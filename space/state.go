package space

import (
	"maps"
	"slices"
	"time"
)

// state is what the entries that count amount to, taken in the log's order.
type state struct {
	*ledger
	name        string
	archived    bool
	reach       Reach
	newer       bool
	seats       map[int32]*seat
	members     map[int32]*member // live devices
	joined      []*member         // the same, in the order of joining
	invitations []*invitation     // in the order of their entries
	keys        map[InvitationKey]*invitation
	byEntry     map[int32]*invitation
	asked       []int32        // joins that ask, in the log's order
	answered    map[int32]bool // of these
	successors  []int32
	actors      map[[16]byte]DeviceID     // of all who are or were members
	limits      map[limitName]uint64      // the highest of the claims
	claims      map[limitName][]claim     // what cuts say and nothing has replaced
	replacing   []int32                   // what takes away a right to write, and so replaces cuts
	raised      map[int32]map[heed]bool   // cuts that were taken, by entry, and as what
	standing    map[int32]map[holder]bool // by entry: whose of its numbers nothing has replaced
	awaited     map[[16]byte][]awaited    // of these, actors whose device may still be let in
	read        map[int32]int             // by seat: numbers that its cuts have named
	rights      uint64
	digest      *[32]byte // of what rights is about; nil: not computed since that grew
	digestOf    uint64    // rights when digest was computed
}

// seat is what is known of a person's place.
type seat struct {
	number  int32
	person  Person
	role    Role
	grants  []int32 // of all devices that were let into the seat, in the log's order
	devices []int32 // the same devices, each once
	labels  map[int32]string
	confirm *confirmBody
	by      int32 // seat that confirmed
}

type member struct {
	Member
	number int32
	seat   int32
	grant  int32
}

// invitation is an invitation or a seat key.
type invitation struct {
	Invitation
	entry   int32
	seat    int32 // that a seat key leads into; nobody for an invitation
	purpose Purpose
	users   map[int32]bool // devices
}

// limitName is what a limit is about.
type limitName struct {
	partName
	actor string
}

// evaluate computes the state from nothing.
func evaluate(l *Log) *state {
	g := newLedger(l)
	g.decideAll()
	return g.fold()
}

// fold computes what the entries that count amount to.
func (g *ledger) fold() *state {
	s := &state{
		ledger:   g,
		reach:    ReachDirect,
		seats:    make(map[int32]*seat),
		members:  make(map[int32]*member),
		keys:     make(map[InvitationKey]*invitation),
		byEntry:  make(map[int32]*invitation),
		answered: make(map[int32]bool),
		actors:   make(map[[16]byte]DeviceID),
		limits:   make(map[limitName]uint64),
		claims:   make(map[limitName][]claim),
		raised:   make(map[int32]map[heed]bool),
		standing: make(map[int32]map[holder]bool),
		awaited:  make(map[[16]byte][]awaited),
		read:     make(map[int32]int),
	}
	for _, i := range g.log.order {
		s.apply(int32(i))
	}
	for number := range s.seats {
		s.refresh(number)
	}
	return s
}

// extend takes an entry that has all others below it: it changes nothing in
// which of them count.
func (s *state) extend(i int32) {
	s.enter(i)
	s.decideOne(i, sure)
	for _, number := range s.apply(i) {
		s.refresh(number)
	}
}

// apply takes the next entry in the log's order, and returns the seats whose
// devices and role have to be looked at again.
func (s *state) apply(i int32) (touched []int32) {
	f := &s.facts[i]
	if f.verdict != counts {
		s.newer = s.newer || s.body(i) == nil
		return nil
	}
	switch body := s.body(i).(type) {
	case *foundBody:
		s.name = body.Name
		return s.admit(i, nobody, body.Person, "")
	case Application:
		if s.asks(i, f.via) {
			s.asked = append(s.asked, i)
			return nil
		}
		return s.admit(i, f.via, body.Person, body.Label)
	case *answerBody:
		s.answered[f.join] = true
		if body.Accept {
			a := s.body(f.join).(Application)
			return s.admit(i, f.via, a.Person, a.Label)
		}
	case *inviteBody:
		s.opened(i, body.Invitation, nobody, body.Uses, body.Expiry)
	case *seatKeyBody:
		s.opened(i, body.Key, f.about, body.Uses, body.Expiry)
	case *roleBody, *removeBody:
		s.rights++
		s.replace(i)
		s.raise(i)
		return []int32{f.about}
	case *revokeBody:
		s.rights++
		s.replace(i)
		s.raise(i)
		return s.seatsOf(f.about, i)
	case *archiveBody:
		s.rights++
		s.archived = body.On
		s.raise(i)
	case *admitBody:
		s.rights++
		s.raise(i)
	default:
		s.describe(i)
	}
	return nil
}

// describe takes an entry that says something of a seat or of the space.
func (s *state) describe(i int32) {
	f := &s.facts[i]
	switch body := s.body(i).(type) {
	case *personBody:
		s.seat(f.seat).person = body.Person
	case *labelBody:
		s.seat(f.seat).labels[f.about] = body.Label
	case *confirmBody:
		about := s.seat(f.about)
		about.confirm, about.by = body, f.seat
	case *renameBody:
		s.name = body.Name
	case *successorBody:
		s.successors = append(s.successors, i)
	case *reachBody:
		s.reach = body.Reach
	}
}

// admit takes a grant.
func (s *state) admit(i, via int32, person Person, label string) (touched []int32) {
	s.rights++
	device := s.facts[i].about
	number := s.leads(i, via)
	into := s.seat(number)
	if number == device && s.isNew(into, i) {
		into.person, into.confirm = person, nil
	}
	into.grants = append(into.grants, i)
	if !slices.Contains(into.devices, device) {
		into.devices = append(into.devices, device)
	}
	if label != "" && into.labels[device] == "" {
		into.labels[device] = label
	}
	s.owns(device)
	if through := s.byEntry[via]; through != nil && !through.users[device] {
		through.users[device] = true
		through.Used++
	}
	return []int32{number}
}

// isNew reports whether with a grant a person comes, or comes again: two
// members may have let in the same device without knowing of each other.
func (s *state) isNew(into *seat, grant int32) bool {
	over := func(r int32) bool { return s.facts[r].verdict == counts && s.below(r, grant) }
	of := &s.subjects[into.number]
	return len(into.grants) == 0 || slices.ContainsFunc(of.removals, over) || slices.ContainsFunc(of.revocations, over)
}

func (s *state) opened(i int32, key InvitationKey, into int32, uses, expiry uint64) {
	e := &s.log.nodes[i].entry
	made := &invitation{
		Invitation: Invitation{Key: key, Uses: int(uses), Author: e.Author, Created: e.Time},
		entry:      i, seat: into, users: make(map[int32]bool),
	}
	if expiry != 0 {
		made.Expiry = time.Unix(int64(expiry), 0).UTC()
	}
	switch body := e.body.(type) {
	case *inviteBody:
		made.Role, made.Ask = body.Role, body.Ask
	case *seatKeyBody:
		made.purpose = body.Purpose
	}
	s.byEntry[i] = made
	before := s.keys[key]
	if before != nil && s.turn(before.entry) <= s.turn(i) {
		return
	}
	if before != nil { // as where somebody joins
		at := slices.Index(s.invitations, before)
		s.invitations = slices.Delete(s.invitations, at, at+1)
	}
	s.keys[key] = made
	s.invitations = append(s.invitations, made)
}

func (s *state) seat(number int32) *seat {
	found := s.seats[number]
	if found == nil {
		found = &seat{number: number, by: nobody, labels: make(map[int32]string)}
		s.seats[number] = found
	}
	return found
}

// refresh brings a seat's role and its devices up to date.
func (s *state) refresh(number int32) {
	of := s.seats[number]
	if of == nil {
		return
	}
	of.role = s.roleOf(number)
	for _, device := range of.devices {
		s.place(device)
	}
}

// place finds the grant by which a device is in the space, if it is: the first
// that nothing took back.
func (s *state) place(device int32) {
	if was := s.members[device]; was != nil {
		delete(s.members, device)
		at := slices.Index(s.joined, was)
		s.joined = slices.Delete(s.joined, at, at+1)
	}
	for _, grant := range s.subjects[device].grants {
		f := &s.facts[grant]
		number := s.leads(grant, f.via)
		if f.verdict != counts || s.asks(grant, f.via) || s.ended(grant, number) != nobody {
			continue
		}
		m := &member{number: device, seat: number, grant: grant, Member: Member{
			Device: s.subjects[device].id, Seat: s.subjects[number].id, Joined: s.log.nodes[grant].entry.Time,
		}}
		if grant != 0 {
			m.InvitedBy, m.Admitted = s.log.nodes[f.via].entry.Author, s.log.nodes[grant].entry.Author
		}
		s.members[device] = m
		at, _ := slices.BinarySearchFunc(s.joined, grant, func(m *member, grant int32) int {
			return s.log.place[m.grant] - s.log.place[grant]
		})
		s.joined = slices.Insert(s.joined, at, m)
		return
	}
}

// ended is the last entry that took back what a grant gave, or nobody.
func (s *state) ended(grant, seat int32) int32 {
	last := int32(nobody)
	look := func(list []int32) {
		for _, r := range slices.Backward(list) {
			if s.facts[r].verdict == counts && !s.below(r, grant) {
				if last == nobody || s.log.place[r] > s.log.place[last] {
					last = r
				}
				return
			}
		}
	}
	look(s.subjects[seat].removals)
	look(s.subjects[s.facts[grant].about].revocations)
	return last
}

// roleOf is the role of a seat by the whole log: of what gives it one and has
// nothing of that kind above it, the one with the fewest rights.
func (s *state) roleOf(number int32) Role {
	least := Role(0)
	var top []int32
	for _, i := range slices.Backward(s.subjects[number].ranks) {
		role := s.given(i, number)
		if role == 0 || slices.ContainsFunc(top, func(above int32) bool { return s.below(i, above) }) {
			continue
		}
		least, top = max(least, role), append(top, i)
	}
	if least == 0 {
		return noRight
	}
	return least
}

// given is the role that an entry which counts gives a seat, or 0.
func (s *state) given(i, number int32) Role {
	f := &s.facts[i]
	if f.verdict != counts || s.asks(i, f.via) {
		return 0
	}
	switch body := s.body(i).(type) {
	case *foundBody:
		return Facilitator
	case *roleBody:
		return body.Role
	}
	if s.leads(i, f.via) != number {
		return 0
	}
	return s.key(f.via).role
}

// replacedBy is a newer state of the same log, in which rights goes on from
// where it was.
func (s *state) replacedBy(newer *state) *state {
	newer.rights = s.rights
	if !s.sameRights(newer) {
		newer.rights++
	}
	return newer
}

// sameRights reports whether two states of a log answer alike what may be
// written.
func (s *state) sameRights(as *state) bool {
	if s.archived != as.archived || len(s.members) != len(as.members) ||
		!maps.Equal(s.actors, as.actors) || !maps.Equal(s.limits, as.limits) {
		return false
	}
	for _, device := range s.actors {
		for _, part := range []Part{Body, Annotations} {
			if s.wasWriter(s.numbers[device], part) != as.wasWriter(as.numbers[device], part) {
				return false
			}
		}
	}
	for _, m := range s.joined {
		other, ok := as.member(m.Device)
		if !ok || as.seats[other.seat].role != s.seats[m.seat].role {
			return false
		}
	}
	return true
}

func (s *state) member(device DeviceID) (*member, bool) {
	number, ok := s.numbers[device]
	if !ok {
		return nil, false
	}
	m, ok := s.members[number]
	return m, ok
}
