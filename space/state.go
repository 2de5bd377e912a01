package space

import (
	"slices"
	"time"
)

// state is what a log's entries, taken in the log's order, amount to.
type state struct {
	name        string
	members     []*member // in the order of joining
	devices     map[DeviceID]*member
	actors      map[[16]byte]DeviceID
	invitations []*invitation // in the order of their entries
	keys        map[InvitationKey]*invitation
	archived    bool
	rights      uint64
	limits      map[limitName]uint64
}

// limitName is what a limit is about.
type limitName struct {
	partName
	actor string
}

type member struct {
	Member
	// grants are the entries that let the device in. One counts; others are
	// admissions of the same device by members who did not know of each
	// other. Whatever the device writes has to have one of them below it.
	grants []int
}

type invitation struct {
	Invitation
	entry       int
	withdrawals []int
}

// evaluate computes the state from nothing.
func evaluate(l *Log) *state {
	s := &state{
		devices: make(map[DeviceID]*member),
		actors:  make(map[[16]byte]DeviceID),
		keys:    make(map[InvitationKey]*invitation),
		limits:  make(map[limitName]uint64),
	}
	for _, i := range l.order {
		s.apply(l, i)
	}
	return s
}

// apply takes the next entry in the log's order. An entry that has no right
// to what it says stays in the log and changes nothing.
func (s *state) apply(l *Log, i int) {
	n := &l.nodes[i]
	if body, ok := n.entry.body.(*foundBody); ok {
		s.name = body.Name
		s.admit(l, i, Member{Device: n.entry.Author, Person: body.Person, Role: Facilitator, Joined: n.entry.Time})
		return
	}
	author := s.author(n)
	if author == nil {
		return
	}
	switch body := n.entry.body.(type) {
	case *inviteBody:
		s.invite(i, n.entry, author, body)
	case *withdrawBody:
		s.withdraw(i, n, author, body)
	case Application:
		s.join(l, i, n, body)
	case *personBody:
		author.Person = body.Person
	case *renameBody:
		if author.Role == Facilitator {
			s.name = body.Name
		}
	case *labelBody:
		if m := s.devices[body.Device]; m != nil && m.Seat == author.Seat {
			m.Label = body.Label
		}
	case *roleBody:
		if m := s.devices[body.Seat]; m != nil && author.Role == Facilitator {
			m.Role = body.Role
			s.raise(body.Cut)
		}
	case *removeBody:
		if author.Role == Facilitator || author.Seat == body.Seat {
			s.remove(body.Seat)
			s.raise(body.Cut)
		}
	case *archiveBody:
		if author.Role == Facilitator {
			s.archived = body.On
			s.raise(body.Cut)
		}
	case *admitBody:
		if author.Role == Facilitator {
			s.raise(body.Cut)
		}
	}
	s.rights++
}

func (s *state) remove(seat DeviceID) {
	s.members = slices.DeleteFunc(s.members, func(m *member) bool { return m.Seat == seat })
	delete(s.devices, seat)
}

func (s *state) raise(cut Cut) {
	for _, part := range cut {
		for _, actor := range part.Actors {
			name := limitName{partName{part.Document, part.Part}, string(actor.Actor)}
			s.limits[name] = max(s.limits[name], actor.Seq)
		}
	}
}

// author is the member who wrote an entry, if they were let in below it.
func (s *state) author(n *node) *member {
	m := s.devices[n.entry.Author]
	if m == nil {
		return nil
	}
	for _, grant := range m.grants {
		if n.past.has(grant) {
			return m
		}
	}
	return nil
}

func (s *state) admit(l *Log, entry int, m Member) {
	m.Seat = m.Device
	joined := &member{Member: m, grants: []int{entry}}
	s.members = append(s.members, joined)
	s.devices[m.Device] = joined
	s.actors[actorPrefix(l.id, m.Device)] = m.Device
}

func (s *state) invite(i int, e Entry, author *member, body *inviteBody) {
	if author.Role != Facilitator || s.keys[body.Invitation] != nil {
		return
	}
	made := &invitation{
		Invitation: Invitation{
			Key:     body.Invitation,
			Role:    body.Role,
			Uses:    int(body.Uses),
			Ask:     body.Ask,
			Author:  e.Author,
			Created: e.Time,
		},
		entry: i,
	}
	if body.Expiry != 0 {
		made.Expiry = time.Unix(int64(body.Expiry), 0).UTC()
	}
	s.invitations = append(s.invitations, made)
	s.keys[body.Invitation] = made
}

func (s *state) withdraw(i int, n *node, author *member, body *withdrawBody) {
	target := s.keys[body.Invitation]
	if author.Role != Facilitator || target == nil || !n.past.has(target.entry) {
		return
	}
	target.Withdrawn = true
	target.withdrawals = append(target.withdrawals, i)
}

func (s *state) join(l *Log, i int, n *node, application Application) {
	through := s.keys[application.Invitation]
	if through == nil || !n.past.has(through.entry) || through.expired(n.entry.Time) {
		return
	}
	for _, withdrawal := range through.withdrawals {
		if n.past.has(withdrawal) {
			return
		}
	}
	if already := s.devices[application.Device]; already != nil {
		already.grants = append(already.grants, i)
		return
	}
	if through.Used >= through.Uses {
		return
	}
	through.Used++
	s.admit(l, i, Member{
		Device:    application.Device,
		Person:    application.Person,
		Role:      through.Role,
		Joined:    n.entry.Time,
		InvitedBy: through.Author,
		Admitted:  n.entry.Author,
	})
}

func (i Invitation) expired(at time.Time) bool {
	return !i.Expiry.IsZero() && at.After(i.Expiry)
}
