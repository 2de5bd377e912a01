package p2p

import (
	"fmt"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// What may happen in a simulation, and how often beside the others.
var simSteps = []struct {
	share int
	name  string
	do    func(*simulation) (told string, done bool)
}{
	{35, "types", (*simulation).stepTypes},
	{5, "bears a document", (*simulation).stepBears},
	{1, "pastes much", (*simulation).stepPastes},
	{2, "writes a page", (*simulation).stepWrites},
	{3, "compacts", (*simulation).stepCompacts},
	{4, "puts a file", (*simulation).stepPuts},
	{3, "wants a file", (*simulation).stepWants},
	{1, "is frugal or not", (*simulation).stepSaves},
	{6, "the network parts", (*simulation).stepParts},
	{5, "one way is cut", (*simulation).stepCuts},
	{8, "the network heals", (*simulation).stepHeals},
	{4, "the wire changes", (*simulation).stepWire},
	{5, "goes offline or online", (*simulation).stepSwitches},
	{4, "quits or starts", (*simulation).stepQuits},
	{3, "loses power", (*simulation).stepLosesPower},
	{2, "moves", (*simulation).stepMoves},
	{2, "is copied", (*simulation).stepIsCopied},
	{3, "is put back", (*simulation).stepIsPutBack},
	{4, "meets somebody", (*simulation).stepMeets},
	{4, "says all again", (*simulation).stepRepeats},
	{2, "shows where it is", (*simulation).stepShows},
	{3, "joins", (*simulation).stepJoins},
	{3, "gets another role", (*simulation).stepRole},
	{3, "links a device", (*simulation).stepLinks},
	{2, "is revoked", (*simulation).stepRevokes},
	{2, "lets in what was refused", (*simulation).stepAdmits},
	{2, "is removed", (*simulation).stepRemoves},
	{1, "leaves", (*simulation).stepLeaves},
	{1, "is archived or opened again", (*simulation).stepArchives},
	{2, "has another name", (*simulation).stepRenames},
}

// step lets something happen that can.
func (s *simulation) step() {
	shares := 0
	for _, step := range simSteps {
		shares += step.share
	}
	for {
		n := s.chance.IntN(shares)
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

func (s *simulation) stepWrites() (string, bool) {
	p := s.one(func(p *player) bool { return p.belongs() && len(p.parts()) > 0 })
	if p == nil {
		return "", false
	}
	parts := p.parts()
	p.types(parts[s.chance.IntN(len(parts))], 20+s.chance.IntN(40))
	return p.name, true
}

// stepCompacts turns a part into a snapshot, with or without the last changes.
func (s *simulation) stepCompacts() (string, bool) {
	p := s.one((*player).belongs)
	if p == nil || len(p.store.Refs(s.park)) == 0 {
		return "", false
	}
	refs := p.store.Refs(s.park)
	compact, ref := p.store.Compact, refs[s.chance.IntN(len(refs))]
	if s.chance.IntN(2) == 0 {
		compact = p.store.CompactWhole
	}
	if err := compact(s.t.Context(), ref); err != nil {
		return fmt.Sprint(p.name, " ", ref, ": ", err), true
	}
	return fmt.Sprint(p.name, " ", ref), true
}

// stepPuts puts a file, mostly a small one, and mostly into a document.
func (s *simulation) stepPuts() (string, bool) {
	p := s.one(func(p *player) bool { return p.belongs() && len(p.parts()) > 0 })
	if p == nil {
		return "", false
	}
	size := s.chance.IntN(20 << 10)
	if s.chance.IntN(8) == 0 {
		size = crdt.BlobPiece + s.chance.IntN(crdt.BlobPiece)
	}
	blob, err := p.puts(bytesLike(size, byte(s.chance.IntN(256))))
	if err != nil {
		s.t.Errorf("%s may put a file and cannot: %v", p.name, err)
		return p.name, true
	}
	s.files = append(s.files, blob)
	told := fmt.Sprintf("%s %d bytes, %s", p.name, size, blob)
	if s.chance.IntN(4) > 0 {
		parts := p.parts()
		ref := parts[s.chance.IntN(len(parts))]
		p.shows(ref, blob)
		told += fmt.Sprint(" in ", ref)
	}
	return told, true
}

// stepWants has somebody look at a file, whoever may have it.
func (s *simulation) stepWants() (string, bool) {
	p := s.one((*player).belongs)
	if p == nil || len(s.files) == 0 {
		return "", false
	}
	blob := s.files[s.chance.IntN(len(s.files))]
	return fmt.Sprint(p.name, " ", blob, ": ", p.gets(blob, 3*time.Second)), true
}

func (s *simulation) stepSaves() (string, bool) {
	p := s.one((*player).running)
	if p == nil {
		return "", false
	}
	p.node.SetFrugal(!p.node.Frugal())
	return fmt.Sprint(p.name, " frugal: ", p.node.Frugal()), true
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

// stepIsPutBack has a disk hold what it held when it was copied. Mostly the
// program notices (incarnation), and writes on as somebody new; as the image of a
// disk it does not, and what it writes until others have told it what it had
// written already is a fork. What nobody else had got is gone.
func (s *simulation) stepIsPutBack() (string, bool) {
	p := s.one(func(p *player) bool { return p.copy != nil && p != s.all[0] })
	if p == nil {
		return "", false
	}
	p.ends()
	p.disk.putBack(p.copy)
	s.leavesToOthers(p)
	p.begins()
	if s.chance.IntN(2) == 0 {
		return p.name + ", unnoticed", true
	}
	if err := p.store.FreshLeases(); err != nil {
		s.t.Error(err)
	}
	return p.name, true
}

// leavesToOthers has others answer for the changes that were durable with
// somebody, as far as they have them.
func (s *simulation) leavesToOthers(gone *player) {
	held := make(map[crdt.Ref]map[chunk.Hash]*player)
	var kept []acknowledged
	for _, a := range s.acknowledged {
		if a.with == gone {
			if held[a.ref] == nil {
				held[a.ref] = s.holders(a.ref, gone)
			}
			a.with = held[a.ref][a.hash]
		}
		if a.with != nil {
			kept = append(kept, a)
		}
	}
	s.acknowledged = kept
}

// holders are members who have the changes of a part, but for one.
func (s *simulation) holders(ref crdt.Ref, but *player) map[chunk.Hash]*player {
	holders := make(map[chunk.Hash]*player)
	for _, p := range s.members() {
		if p != but {
			for hash := range p.holding(ref) {
				holders[hash] = p
			}
		}
	}
	return holders
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
		p.node.SetFrugal(false)
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
