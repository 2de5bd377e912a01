package space

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
)

// Name is the space's name.
func (l *Log) Name() string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.state.name
}

// Reach is how far the space's devices go to find one another.
func (l *Log) Reach() Reach {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.state.reach
}

// Members returns the live devices of all who belong to the space, in the
// log's order of joining.
func (l *Log) Members() []Member {
	l.mu.RLock()
	defer l.mu.RUnlock()
	members := make([]Member, len(l.state.joined))
	for i, m := range l.state.joined {
		members[i] = l.state.describeMember(m)
	}
	return members
}

// Member returns what is known of a live device, and whether it is one.
func (l *Log) Member(device DeviceID) (Member, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	m, ok := l.state.member(device)
	if !ok {
		return Member{}, false
	}
	return l.state.describeMember(m), true
}

func (s *state) describeMember(m *member) Member {
	in := s.seats[m.seat]
	described := m.Member
	described.Person, described.Role, described.Label = in.person, in.role, in.labels[m.number]
	return described
}

// SeatDevices lists every device that was ever let into a seat, for the cut of
// an entry that takes away the seat's right to write: it replaces earlier ones
// for all of them.
func (l *Log) SeatDevices(seat DeviceID) (devices []DeviceID) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	number, ok := l.state.numbers[seat]
	if !ok || l.state.seats[number] == nil {
		return nil
	}
	for _, device := range l.state.seats[number].devices {
		devices = append(devices, l.state.subjects[device].id)
	}
	return devices
}

// MayWrite reports whether a device may write parts of this kind now.
func (l *Log) MayWrite(device DeviceID, part Part) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	m, ok := l.state.member(device)
	return ok && !l.state.archived && MayWrite(l.state.seats[m.seat].role, part)
}

// WasWriter reports whether a device may write parts of this kind, or was ever
// let into a seat that may or might once. It is what a device's word is worth for
// what a cut has left of actors that are no device's.
func (l *Log) WasWriter(device DeviceID, part Part) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	number, ok := l.state.numbers[device]
	return ok && l.state.wasWriter(number, part)
}

func (s *state) wasWriter(device int32, part Part) bool {
	return slices.ContainsFunc(s.subjects[device].grants, func(grant int32) bool {
		f := &s.facts[grant]
		if f.verdict != counts || s.asks(grant, f.via) {
			return false
		}
		seat := s.leads(grant, f.via)
		return slices.ContainsFunc(s.subjects[seat].ranks, func(i int32) bool {
			role := s.given(i, seat)
			return role != 0 && MayWrite(role, part)
		})
	})
}

// Actor finds the device that actor IDs with this prefix belong to, among all
// who are or ever were members.
func (l *Log) Actor(prefix [16]byte) (DeviceID, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	device, ok := l.state.actors[prefix]
	return device, ok
}

// Limit is the highest sequence number of an actor in a part that counts by
// cuts and admissions although its owner may not write any more, or 0.
func (l *Log) Limit(actor []byte, document [16]byte, part Part) uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.state.limits[limitName{partName{document, part}, string(actor)}]
}

// Rights is a number that grows whenever MayWrite, WasWriter, Limit or Actor may
// answer otherwise than before. It begins anew with each Open: to compare with what
// was true before that, keep a RightsDigest.
func (l *Log) Rights() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.state.rights
}

// RightsDigest is equal for two logs of a space whose MayWrite, WasWriter, Limit
// and Actor answer alike, and different if they do not. After Rights has grown it
// takes time in proportion to the members and the limits.
func (l *Log) RightsDigest() [32]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.state
	if s.digest == nil || s.digestOf != s.rights {
		sum := s.sumOfRights()
		s.digest, s.digestOf = &sum, s.rights
	}
	return *s.digest
}

func (s *state) sumOfRights() [32]byte {
	sum := sha256.New()
	sum.Write([]byte("parley/rights/2"))
	for _, prefix := range slices.SortedFunc(maps.Keys(s.actors), func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) }) {
		device := s.actors[prefix]
		m, in := s.member(device)
		may := byte(0)
		for _, part := range []Part{Body, Annotations} {
			if in && !s.archived && MayWrite(s.seats[m.seat].role, part) {
				may |= 1 << part
			}
			if s.wasWriter(s.numbers[device], part) {
				may |= 4 << part
			}
		}
		sum.Write(append(device[:], may))
	}
	for _, name := range slices.SortedFunc(maps.Keys(s.limits), compareLimits) {
		sum.Write(append(name.document[:], byte(name.part), byte(len(name.actor))))
		sum.Write(binary.BigEndian.AppendUint64([]byte(name.actor), s.limits[name]))
	}
	return [32]byte(sum.Sum(nil))
}

// Invitations returns all invitations, spent ones too, in the log's order.
func (l *Log) Invitations() []Invitation {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var invitations []Invitation
	for _, made := range l.state.invitations {
		if made.seat == nobody {
			invitations = append(invitations, l.state.describeInvitation(made))
		}
	}
	return invitations
}

// Invitation returns the invitation of that key, and whether there is one.
func (l *Log) Invitation(key InvitationKey) (Invitation, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	made, ok := l.state.keys[key]
	if !ok || made.seat != nobody {
		return Invitation{}, false
	}
	return l.state.describeInvitation(made), true
}

// describeInvitation counts an invitation as withdrawn however it has ended.
func (s *state) describeInvitation(made *invitation) Invitation {
	described := made.Invitation
	described.Withdrawn = s.over(made.entry, s.key(made.entry), whole, sure)
	return described
}

// SeatKeys returns the live keys into seats that are for a purpose, in the
// log's order. Spent ones are among them; whether the time of one is over is
// for the caller to ask.
func (l *Log) SeatKeys(purpose Purpose) []SeatKey {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var keys []SeatKey
	for _, made := range l.state.invitations {
		if made.seat != nobody && made.purpose == purpose && l.state.isLive(made) {
			keys = append(keys, l.state.describeKey(made))
		}
	}
	return keys
}

// SeatKey returns a live key into a seat, and whether there is one.
func (l *Log) SeatKey(key InvitationKey) (SeatKey, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	made, ok := l.state.keys[key]
	if !ok || made.seat == nobody || !l.state.isLive(made) {
		return SeatKey{}, false
	}
	return l.state.describeKey(made), true
}

func (s *state) isLive(made *invitation) bool {
	return !s.over(made.entry, s.key(made.entry), whole, sure)
}

func (s *state) describeKey(made *invitation) SeatKey {
	return SeatKey{
		Key: made.Key, Seat: s.subjects[made.seat].id, Purpose: made.purpose, Uses: made.Uses, Used: made.Used,
		Expiry: made.Expiry, Author: made.Author, Created: made.Created,
	}
}
