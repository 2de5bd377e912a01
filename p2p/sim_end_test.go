package p2p

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// agree waits until all who belong hold the same, and those who do not know it.
func (s *simulation) agree() bool {
	since := time.Now()
	for {
		wrong := s.differences()
		if len(wrong) == 0 {
			s.logf("they agree after %v", time.Since(since).Round(time.Millisecond))
			return true
		}
		if time.Since(since) > agreement {
			s.t.Errorf("after %v, %s", agreement, strings.Join(wrong, "\nand "))
			return false
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// differences are what keeps the players from being of one mind, by what the
// founder holds, who always belongs.
func (s *simulation) differences() (wrong []string) {
	founder := s.all[0]
	log, digest := founder.logOf(s.park), founder.store.Digest(s.park)
	for _, p := range s.all {
		theirs, holds := p.store.Log(s.park)
		_, in := log.Member(p.id())
		switch {
		case in != p.belongs():
			wrong = append(wrong, fmt.Sprintf("%s belongs: %v by %s's log, %v by its own", p.name, in, founder.name, !in))
		case !holds || !in:
		case theirs.Digest() != log.Digest():
			wrong = append(wrong, fmt.Sprintf("%s has another log, of %d entries and not %d", p.name, theirs.Len(), log.Len()))
		case theirs.RightsDigest() != log.RightsDigest():
			wrong = append(wrong, fmt.Sprintf("%s reads the log differently", p.name))
		case p.store.Digest(s.park) != digest:
			wrong = append(wrong, fmt.Sprintf("%s holds something else: %s", p.name, s.compareParts(p, founder)))
		case p.setAside() != founder.setAside():
			wrong = append(wrong, fmt.Sprintf("%s has set aside\n%s\nand %s\n%s", p.name, p.setAside(), founder.name, founder.setAside()))
		}
	}
	return wrong
}

// holder is a member who has a file; nil if there is none.
func (s *simulation) holder(blob crdt.BlobID) *player {
	for _, p := range s.members() {
		if p.store.HasBlob(s.park, blob) {
			return p
		}
	}
	return nil
}

// members are the players who belong.
func (s *simulation) members() (members []*player) {
	for _, p := range s.all {
		if p.belongs() {
			members = append(members, p)
		}
	}
	return members
}

// staysSilent sees to it that those who hold the same leave each other in peace:
// but for keep-alives nothing is sent, and a look now and then in case something
// was lost.
func (s *simulation) staysSilent() {
	time.Sleep(10 * time.Second) // haves that are due, and what gossip repeats of its last seconds
	before := make(map[*player]uint64)
	for _, p := range s.all {
		before[p] = p.store.Position()
	}
	s.wire.takeTally()
	time.Sleep(silence)
	said := s.wire.takeTally()
	looks := len(s.members()) * int(silence/(touchInterval*3/4)+1)
	if said.bytes > looks*touching {
		s.t.Errorf("%d devices that hold the same said %d bytes in %d datagrams to each other within %v", len(s.members()), said.bytes, said.datagrams, silence)
	}
	if alive := len(s.all) * len(s.all) * int(silence/time.Second); said.keepAlives > alive {
		s.t.Errorf("%d keep-alives within %v", said.keepAlives, silence)
	}
	for _, p := range s.all {
		if after := p.store.Position(); after != before[p] {
			s.t.Errorf("%s wrote %d times while nothing happened", p.name, after-before[p])
		}
	}
	s.logf("silence: %+v", said)
}

// compare looks at what the players have in the end.
func (s *simulation) compare() {
	for _, wrong := range s.differences() {
		s.t.Errorf("in the end, %s", wrong)
	}
	founder := s.all[0]
	for _, p := range s.members() {
		if !slices.Equal(p.logOf(s.park).Members(), founder.logOf(s.park).Members()) {
			s.t.Errorf("%s knows other members than %s", p.name, founder.name)
		}
		for _, ref := range founder.store.Refs(s.park) {
			a, err := p.store.Tips(ref)
			b, failed := founder.store.Tips(ref)
			if err != nil || failed != nil || !maps.Equal(a.Newest, b.Newest) {
				s.t.Errorf("%s and %s have other heads in %s: %v, %v", p.name, founder.name, ref, err, failed)
			}
			if one, other := p.view(ref), founder.view(ref); one != other {
				s.t.Errorf("%s reads %q in %s, and %s %q", p.name, one, ref, founder.name, other)
			}
		}
		for _, other := range s.all {
			if p != other && !p.node.current().gate.allows(peerOf(other.id())) {
				s.t.Errorf("%s turns %s away, who did nothing wrong", p.name, other.name)
			}
		}
	}
	s.nothingIsLost()
}

// setAside is what a player has in quarantine, in words.
func (p *player) setAside() string {
	list, err := p.store.Quarantine(p.sim.park)
	if err != nil {
		p.t.Error(err)
	}
	log := p.logOf(p.sim.park)
	var lines []string
	for _, q := range list {
		// What strangers wrote is told to nobody, also of those whose joining came
		// to nothing: whoever heard it keeps it to themselves.
		if _, known := log.SeatOf(q.Device); known {
			lines = append(lines, fmt.Sprintf("%s %s's %d, %s: %s", q.Ref, p.sim.nameOf(q.Device), q.Seq, q.Hash, q.Reason.Error()))
		}
	}
	return strings.Join(lines, "\n")
}

// nothingIsLost looks for every change that was durable with somebody who still
// belongs: it counts, or is set aside where they see it.
func (s *simulation) nothingIsLost() {
	type place struct {
		p   *player
		ref crdt.Ref
	}
	held := make(map[place]map[chunk.Hash]string)
	for _, a := range s.acknowledged {
		if !a.with.belongs() {
			continue
		}
		at := place{a.with, a.ref}
		if held[at] == nil {
			held[at] = a.with.holding(a.ref)
		}
		if held[at][a.hash] == "" {
			s.t.Errorf("the change %s in %s was durable with %s and is lost", a.hash, a.ref, a.with.name)
		}
	}
}

// filesCome has every member ask for every file that some member has.
func (s *simulation) filesCome() {
	for _, blob := range s.files {
		holder := s.holder(blob)
		if holder == nil {
			continue
		}
		for _, p := range s.members() {
			// Whoever has it may not be connected yet.
			err := p.gets(blob, 20*time.Second)
			for since := time.Now(); errors.Is(err, ErrNotHeld) && time.Since(since) < agreement; err = p.gets(blob, 20*time.Second) {
				time.Sleep(time.Second)
			}
			if err != nil {
				s.t.Errorf("%s does not get the file %s, which %s has: %v", p.name, blob, holder.name, err)
			} else if err := p.store.VerifyBlob(s.t.Context(), s.park, blob); err != nil {
				s.t.Errorf("%s has the file %s as something else: %v", p.name, blob, err)
			}
		}
	}
}

// mayWrite reports whether a player may write parts of a kind.
func (p *player) mayWrite(part space.Part) bool {
	return p.belongs() && p.logOf(p.sim.park).MayWrite(p.id(), part)
}
