package p2p

import (
	"fmt"
	"slices"
	"time"

	"parley/crdt"
	"parley/space"
)

// What may happen in a simulation, and how often among a hundred.
var simSteps = []struct {
	share int
	name  string
	do    func(*simulation) (told string, done bool)
}{
	{35, "types", (*simulation).stepTypes},
	{5, "bears a document", (*simulation).stepBears},
	{1, "pastes much", (*simulation).stepPastes},
	{6, "the network parts", (*simulation).stepParts},
	{5, "one way is cut", (*simulation).stepCuts},
	{8, "the network heals", (*simulation).stepHeals},
	{4, "the wire changes", (*simulation).stepWire},
	{5, "goes offline or online", (*simulation).stepSwitches},
	{4, "quits or starts", (*simulation).stepQuits},
	{3, "loses power", (*simulation).stepLosesPower},
	{2, "moves", (*simulation).stepMoves},
	{2, "is copied", (*simulation).stepIsCopied},
	{1, "is put back", (*simulation).stepIsPutBack},
	{4, "meets somebody", (*simulation).stepMeets},
	{4, "says all again", (*simulation).stepRepeats},
	{2, "shows where it is", (*simulation).stepShows},
	{3, "joins", (*simulation).stepJoins},
	{3, "gets another role", (*simulation).stepRole},
	{2, "is removed", (*simulation).stepRemoves},
	{1, "leaves", (*simulation).stepLeaves},
	{1, "is archived or opened again", (*simulation).stepArchives},
	{2, "has another name", (*simulation).stepRenames},
}

// step lets something happen that can.
func (s *simulation) step() {
	for {
		n := s.chance.IntN(100)
		for _, step := range simSteps {
			if n -= step.share; n >= 0 {
				continue
			}
			if told, done := step.do(s); done {
				s.logf("%s: %s", step.name, told)
				return
			}
			break
		}
	}
}

func (s *simulation) stepTypes() (string, bool) {
	p := s.one(func(p *player) bool { return p.belongs() && len(p.parts()) > 0 })
	if p == nil {
		return "", false
	}
	parts := p.parts()
	for range 1 + s.chance.IntN(2) {
		p.types(parts[s.chance.IntN(len(parts))], 1+s.chance.IntN(4))
	}
	return p.name, true
}

func (s *simulation) stepBears() (string, bool) {
	p := s.one(func(p *player) bool { return p.mayWrite(space.Body) })
	if p == nil {
		return "", false
	}
	s.documents++
	p.bears(fmt.Sprint("document ", s.documents))
	return p.name, true
}

func (s *simulation) stepPastes() (string, bool) {
	p := s.one(func(p *player) bool { return p.mayWrite(space.Body) && len(p.parts()) > 0 })
	if p == nil {
		return "", false
	}
	parts := p.parts()
	p.pastes(parts[s.chance.IntN(len(parts))], 2*maxGossip)
	return p.name, true
}

func (s *simulation) stepParts() (string, bool) {
	var sides [2][]*player
	for _, p := range s.all {
		side := s.chance.IntN(2)
		sides[side] = append(sides[side], p)
	}
	for _, one := range sides[0] {
		for _, other := range sides[1] {
			s.wire.cut(one.at, other.at)
			s.wire.cut(other.at, one.at)
		}
	}
	return fmt.Sprint(names(sides[0]), " and ", names(sides[1])), true
}

func names(players []*player) (list []string) {
	for _, p := range players {
		list = append(list, p.name)
	}
	return list
}

func (s *simulation) stepCuts() (string, bool) {
	from, to := s.all[s.chance.IntN(len(s.all))], s.all[s.chance.IntN(len(s.all))]
	s.wire.cut(from.at, to.at)
	return fmt.Sprint("from ", from.name, " to ", to.name), from != to
}

func (s *simulation) stepHeals() (string, bool) {
	s.wire.heal()
	return "", true
}

func (s *simulation) stepWire() (string, bool) {
	f := s.someFaults()
	s.wire.suffers(f)
	return fmt.Sprintf("%+v", f), true
}

func (s *simulation) stepSwitches() (string, bool) {
	p := s.one((*player).running)
	if p == nil {
		return "", false
	}
	offline := p.node.Offline()
	if err := p.node.SetOffline(!offline); err != nil {
		s.t.Error(err)
	}
	return fmt.Sprint(p.name, " online: ", offline), true
}

func (s *simulation) stepQuits() (string, bool) {
	p := s.all[s.chance.IntN(len(s.all))]
	if !p.running() {
		p.begins()
		return p.name + " starts", true
	}
	p.ends()
	if s.chance.IntN(2) == 0 {
		p.begins()
		return p.name + " quits and starts again", true
	}
	return p.name + " quits", true
}

func (s *simulation) stepLosesPower() (string, bool) {
	p := s.one((*player).running)
	if p == nil {
		return "", false
	}
	p.dies()
	if s.chance.IntN(2) == 0 {
		p.begins()
		return p.name + ", for a moment", true
	}
	return p.name, true
}

// stepMoves is a laptop carried elsewhere. Nobody has its address there.
func (s *simulation) stepMoves() (string, bool) {
	p := s.one((*player).running)
	if p == nil {
		return "", false
	}
	p.ends()
	p.moves()
	p.begins()
	return fmt.Sprint(p.name, " to ", p.at), true
}

// stepIsCopied keeps what a disk holds now.
func (s *simulation) stepIsCopied() (string, bool) {
	p := s.one((*player).belongs)
	if p == nil {
		return "", false
	}
	p.copy = p.disk.copy()
	return p.name, true
}

// stepIsPutBack has a disk hold what it held when it was copied. The program
// notices (incarnation), and writes on as somebody new; what nobody else had got
// is gone.
func (s *simulation) stepIsPutBack() (string, bool) {
	p := s.one(func(p *player) bool { return p.copy != nil && p != s.all[0] })
	if p == nil {
		return "", false
	}
	p.ends()
	p.disk.putBack(p.copy)
	s.acknowledged = slices.DeleteFunc(s.acknowledged, func(a acknowledged) bool { return a.by == p })
	p.begins()
	if err := p.store.FreshLeases(); err != nil {
		s.t.Error(err)
	}
	return p.name, true
}

func (s *simulation) stepMeets() (string, bool) {
	p := s.one((*player).running)
	other := s.one(func(other *player) bool { return other.running() && other != p })
	if other == nil {
		return "", false
	}
	p.meets(other)
	return fmt.Sprint(p.name, " ", other.name), true
}

// stepRepeats gossips what was gossiped before, in messages of its own, and asks
// somebody for what is here already.
func (s *simulation) stepRepeats() (string, bool) {
	p := s.one(func(p *player) bool { return p.belongs() && p.node.current() != nil })
	if p == nil {
		return "", false
	}
	r := p.node.current().room(s.park)
	if r == nil {
		return "", false
	}
	for _, ref := range p.store.Refs(s.park) {
		r.tellChanges(ref, crdt.Vector{})
	}
	entries := p.logOf(s.park).Entries()
	for _, page := range pages(entries, gossipContent) {
		if err := r.publish(&entriesMessage{Entries: page}); err != nil {
			s.t.Error(err)
		}
	}
	for _, other := range p.node.current().sharers(s.park) {
		r.pull(pullRequest{from: other})
	}
	return p.name, true
}

func (s *simulation) stepShows() (string, bool) {
	p := s.one((*player).belongs)
	if p == nil {
		return "", false
	}
	at := Presence{Document: ref(s.park, "document 0").Document, State: []byte("here")}
	if s.chance.IntN(2) == 0 {
		at = Presence{}
	}
	if err := p.node.Announce(s.park, at); err != nil {
		s.t.Error(err)
	}
	return p.name, true
}

// stepJoins lets somebody new in, or somebody who was out.
func (s *simulation) stepJoins() (string, bool) {
	p := s.one(func(p *player) bool { return p.running() && !p.belongs() })
	if p == nil && len(s.all) < 8 {
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
	return fmt.Sprint(p.name, " ", p.writes(p.logOf(s.park).Remove(p.key, p.id(), p.cutOf(p.id()), p.now()))), true
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

func (s *simulation) nameOf(id space.DeviceID) string {
	for _, p := range s.all {
		if p.id() == id {
			return p.name
		}
	}
	return id.String()
}

// calm has everybody back, on a good network, and gives those who were never let
// in another chance.
func (s *simulation) calm() {
	s.wire.heal()
	s.wire.suffers(wireFaults{delay: 10 * time.Millisecond, jitter: 10 * time.Millisecond})
	for _, p := range s.all {
		if !p.running() {
			p.begins()
		}
		if err := p.node.SetOffline(false); err != nil {
			s.t.Fatal(err)
		}
		if err := p.node.Announce(s.park, Presence{}); err != nil {
			s.t.Fatal(err)
		}
	}
	s.logf("all is well")
	for i, p := range s.all {
		for _, other := range s.all[:i] {
			p.meets(other)
		}
	}
}
