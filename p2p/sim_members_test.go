package p2p

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/crdt"
	"parley/space"
)

// stepJoins lets somebody new in, or somebody who was out.
func (s *simulation) stepJoins() (string, bool) {
	p := s.one(func(p *player) bool { return p.running() && !p.belongs() })
	if p == nil && len(s.all) < s.most {
		p = s.newPlayer()
	}
	if p == nil {
		return "", false
	}
	roles := []space.Role{space.Editor, space.Editor, space.Editor, space.Annotator, space.Reader, space.Facilitator}
	role := roles[s.chance.IntN(len(roles))]
	return s.joins(p, role), true
}

// joins has somebody who can invite somebody else, who tries the code.
func (s *simulation) joins(p *player, role space.Role) string {
	host := s.facilitator()
	if host == nil {
		return fmt.Sprint(p.name, ": nobody can invite")
	}
	code, err := host.invitesAnybody(role)
	if err == nil {
		err = p.tries(code)
	}
	return fmt.Sprint(p.name, " as ", role, " by ", host.name, ": ", err)
}

func (s *simulation) facilitator() *player {
	return s.one(func(p *player) bool { return p.role() == space.Facilitator })
}

// someoneElse is any seat that a player knows of, but the founder's: who has the
// founder out has nobody to end with.
func (s *simulation) someoneElse(of *player) (space.Seat, bool) {
	var seats []space.Seat
	for _, seat := range of.logOf(s.park).Seats() {
		if seat.ID != of.id() && seat.ID != s.all[0].id() {
			seats = append(seats, seat)
		}
	}
	if len(seats) == 0 {
		return space.Seat{}, false
	}
	return seats[s.chance.IntN(len(seats))], true
}

// stepLinks gives somebody a further device: a new one, or one that was out.
func (s *simulation) stepLinks() (string, bool) {
	p := s.one((*player).belongs)
	if p == nil {
		return "", false
	}
	other := s.one(func(p *player) bool { return p.running() && !p.belongs() })
	if other == nil && len(s.all) < s.most {
		other = s.newPlayer()
	}
	if other == nil {
		return "", false
	}
	var secret [32]byte
	if _, err := s.secrets.Read(secret[:]); err != nil {
		s.t.Error(err)
	}
	entry, err := p.logOf(s.park).NewSeatKey(p.key, space.Link, 1, p.now().Add(15*time.Minute), p.now(), secret)
	if err = p.writes([]space.Entry{entry}, err); err == nil {
		err = other.becomes(p, secret)
	}
	return fmt.Sprint(other.name, " by ", p.name, ": ", err), true
}

// becomes tries to be a further device of another's person.
func (p *player) becomes(other *player, secret [32]byte) error {
	ctx, cancel := context.WithTimeout(p.t.Context(), 8*time.Second)
	defer cancel()
	_, err := p.node.Link(ctx, Link{
		Secret: secret, Person: space.Person{Name: "New device"}, Label: p.name,
		From: other.id(), Addresses: other.node.CodeAddresses(),
	})
	return err
}

// stepRevokes takes a device out of its person's devices: one of these does, or
// a facilitator.
func (s *simulation) stepRevokes() (string, bool) {
	p := s.one((*player).belongs)
	if p == nil {
		return "", false
	}
	log := p.logOf(s.park)
	me, _ := log.Member(p.id())
	var others []space.Member
	for _, m := range log.Members() {
		if m.Device != s.all[0].id() && m.Device != p.id() && (m.Seat == me.Seat || me.Role == space.Facilitator && m.Seat != m.Device) {
			others = append(others, m)
		}
	}
	if len(others) == 0 {
		return "", false
	}
	other := others[s.chance.IntN(len(others))].Device
	cut, err := p.store.Cut(s.t.Context(), s.park, []space.DeviceID{other})
	if err != nil {
		s.t.Error(err)
	}
	return fmt.Sprint(s.nameOf(other), " by ", p.name, " ", p.writes(log.Revoke(p.key, other, cut, p.now()))), true
}

// stepAdmits has a facilitator let in some of what is in quarantine.
func (s *simulation) stepAdmits() (string, bool) {
	p := s.facilitator()
	if p == nil {
		return "", false
	}
	list, err := p.store.Quarantine(s.park)
	if err != nil {
		s.t.Error(err)
	}
	var chosen []crdt.QuarantinedID
	for _, q := range list {
		if q.Admissible && s.chance.IntN(2) == 0 {
			chosen = append(chosen, q.ID())
		}
	}
	if len(chosen) == 0 {
		return "", false
	}
	cut, err := p.store.AdmitCut(s.t.Context(), s.park, chosen)
	if errors.Is(err, crdt.ErrNotKept) {
		return fmt.Sprint(p.name, ": ", err), true // it has come back by itself
	}
	if err != nil {
		s.t.Error(err)
	}
	return fmt.Sprint(len(chosen), " by ", p.name, " ", p.writes(p.logOf(s.park).AdmitChanges(p.key, cut, p.now()))), true
}

func (s *simulation) stepRole() (string, bool) {
	p := s.facilitator()
	if p == nil {
		return "", false
	}
	other, ok := s.someoneElse(p)
	if !ok {
		return "", false
	}
	role := space.Role(1 + s.chance.IntN(4))
	var cut space.Cut
	if role > other.Role {
		cut = p.cutOf(other.ID)
	}
	err := p.writes(p.logOf(s.park).SetRole(p.key, other.ID, role, cut, p.now()))
	return fmt.Sprint(s.nameOf(other.ID), " is ", role, " by ", p.name, " ", err), true
}

func (s *simulation) stepRemoves() (string, bool) {
	p := s.facilitator()
	if p == nil {
		return "", false
	}
	other, ok := s.someoneElse(p)
	if !ok {
		return "", false
	}
	err := p.writes(p.logOf(s.park).Remove(p.key, other.ID, p.cutOf(other.ID), p.now()))
	return fmt.Sprint(s.nameOf(other.ID), " by ", p.name, " ", err), true
}

func (s *simulation) stepLeaves() (string, bool) {
	p := s.one(func(p *player) bool { return p.belongs() && p != s.all[0] })
	if p == nil {
		return "", false
	}
	log := p.logOf(s.park)
	seat, _ := log.SeatOf(p.id())
	if seat == s.all[0].id() {
		return "", false
	}
	return fmt.Sprint(p.name, " ", p.writes(log.Remove(p.key, seat, p.cutOf(seat), p.now()))), true
}

func (s *simulation) stepArchives() (string, bool) {
	p := s.facilitator()
	if p == nil {
		return "", false
	}
	log := p.logOf(s.park)
	var cut space.Cut
	var err error
	if !log.Archived() {
		if cut, err = p.store.Cut(s.t.Context(), s.park, nil); err != nil {
			s.t.Error(err)
		}
	}
	return fmt.Sprint(!log.Archived(), " by ", p.name, " ", p.writes(log.Archive(p.key, !log.Archived(), cut, p.now()))), true
}

func (s *simulation) stepRenames() (string, bool) {
	p := s.one((*player).belongs)
	if p == nil {
		return "", false
	}
	entry, err := p.logOf(s.park).SetPerson(p.key, space.Person{Name: fmt.Sprint(p.name, " ", len(s.acknowledged))}, p.now())
	return fmt.Sprint(p.name, " ", p.writes([]space.Entry{entry}, err)), true
}
