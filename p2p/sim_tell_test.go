package p2p

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"parley/crdt"
)

// compareParts says in which parts two differ, and how.
func (s *simulation) compareParts(one, other *player) string {
	var lines []string
	refs := make(map[crdt.Ref]bool)
	for _, p := range []*player{one, other} {
		// Of some parts nothing counts, but others are told what is set aside.
		for _, bucket := range p.store.Buckets(s.park) {
			for _, part := range p.store.Parts(s.park, bucket.First) {
				refs[crdt.Ref{Space: s.park, Document: part.Document, Part: part.Part}] = true
			}
		}
	}
	for ref := range refs {
		a, err := one.store.Tips(ref)
		b, failed := other.store.Tips(ref)
		if err != nil || failed != nil {
			lines = append(lines, fmt.Sprintf("%s: %v, %v", ref, err, failed))
		} else if a.Digest != b.Digest {
			lines = append(lines, fmt.Sprintf("%s: forks %x, aside %x, and %s forks %x, aside %x", ref, a.Forks, a.Aside, other.name, b.Forks, b.Aside))
			lines = append(lines, differ(one, other, ref)...)
		}
	}
	return strings.Join(lines, "\n    ")
}

// differ are the changes of a part that one player has otherwise than another.
func differ(one, other *player, ref crdt.Ref) (lines []string) {
	a, b := one.holding(ref), other.holding(ref)
	for hash, how := range a {
		if where := b[hash]; where != how {
			lines = append(lines, fmt.Sprintf("    %s: %s has %s, %s has %q", hash, one.name, how, other.name, where))
		}
	}
	for hash, how := range b {
		if a[hash] == "" {
			lines = append(lines, fmt.Sprintf("    %s: %s has %s, %s does not", hash, other.name, how, one.name))
		}
	}
	slices.Sort(lines)
	return lines
}

// tell says all there is to say of how a simulation ended.
func (s *simulation) tell() {
	for _, p := range s.all {
		log, held := p.store.Log(s.park)
		if !held {
			s.logf("%s has no space", p.name)
			continue
		}
		digest, rights, documents := log.Digest(), log.RightsDigest(), p.store.Digest(s.park)
		s.logf("%s at %s, offline %v, belongs %v, %d entries, log %s, rights %s, documents %s", p.name, p.at, p.node.Offline(), p.belongs(),
			log.Len(), hex.EncodeToString(digest[:4]), hex.EncodeToString(rights[:4]), hex.EncodeToString(documents[:4]))
		if founder := s.all[0]; log.Digest() != founder.logOf(s.park).Digest() {
			ending := founder.logOf(s.park).Ending(p.id(), founder.id())
			s.logf("    %s tells it by %d entries how it ended", founder.name, len(ending))
		}
		for _, m := range log.Members() {
			s.logf("    %s is %v, a device of %s", s.nameOf(m.Device), m.Role, s.nameOf(m.Seat))
		}
		for _, peer := range p.node.Peers() {
			s.logf("    hears %s", s.nameOf(peer.Device))
		}
		if aside := p.setAside(); aside != "" {
			s.logf("    has set aside\n%s", aside)
		}
	}
}
