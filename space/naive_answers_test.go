package space

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

// answers are what a log with these entries answers, as answersOf writes them.
func (n *naive) answersOf() string {
	var b strings.Builder
	seats := n.seatsNow()
	facilitators := 0
	for _, s := range seats {
		if s.Role == Facilitator {
			facilitators++
		}
	}
	archived := n.archivedAt(len(n.order))
	newer := len(n.all(func(i int) bool { return n.order[i].Kind > lastKind })) > 0
	fmt.Fprintf(&b, "name %s reach %s archived %t newer %t facilitators %d\n", n.name(), n.reach(), archived, newer, facilitators)
	members := n.membersNow()
	list(&b, "member", members)
	list(&b, "seat", seats)
	list(&b, "former", n.formers(seats))
	list(&b, "request", n.requests(members))
	list(&b, "invitation", n.invitations())
	list(&b, "link", n.seatKeys(Link))
	list(&b, "recovery", n.seatKeys(Recovery))
	if facilitators == 0 {
		for _, i := range n.all(n.counts) {
			if s, ok := n.order[i].body.(*successorBody); ok {
				codes := make(map[Role]Code)
				for role, text := range s.Codes {
					codes[role], _ = ParseCode(text)
				}
				list(&b, "successor", []Successor{{codes, n.seat[i], n.order[i].Time}})
			}
		}
	}
	for _, m := range members {
		fmt.Fprintf(&b, "may %s %t %t\n", m.Device, !archived && MayWrite(m.Role, Body), !archived && MayWrite(m.Role, Annotations))
	}
	n.limits(&b)
	return b.String()
}

func (n *naive) name() (name string) {
	for _, i := range n.all(n.counts) {
		switch body := n.order[i].body.(type) {
		case *foundBody:
			name = body.Name
		case *renameBody:
			name = body.Name
		}
	}
	return name
}

func (n *naive) reach() Reach {
	reach := ReachDirect
	for _, i := range n.all(n.counts) {
		if b, ok := n.order[i].body.(*reachBody); ok {
			reach = b.Reach
		}
	}
	return reach
}

// archivedAt says what the last of the archive entries below one says.
func (n *naive) archivedAt(at int) (archived bool) {
	for _, i := range n.all(n.counts) {
		if b, ok := n.order[i].body.(*archiveBody); ok && n.below(i, at) {
			archived = b.On
		}
	}
	return archived
}

// placeOf is the grant by which a device is in the space.
func (n *naive) placeOf(d DeviceID) (grant int, seat DeviceID, ok bool) {
	for _, g := range n.grants(d) {
		for _, w := range n.ways(g) {
			if n.counts(g) && n.lasting(g, w.seat, len(n.order)) == yes {
				return g, w.seat, true
			}
		}
	}
	return 0, seat, false
}

// devices are all that were ever let in, by their first grant.
func (n *naive) devices() (devices []DeviceID) {
	for _, g := range n.all(n.counts) {
		_, _, ok := n.join(g)
		if (ok || g == 0) && len(n.ways(g)) > 0 && !slices.Contains(devices, n.device(g)) {
			devices = append(devices, n.device(g))
		}
	}
	return devices
}

// wasWriter says whether a device was ever let into a seat that was ever given a
// role by which it may write.
func (n *naive) wasWriter(d DeviceID, part Part) bool {
	for _, g := range n.grants(d) {
		for _, w := range n.ways(g) {
			if !n.counts(g) {
				continue
			}
			for _, i := range n.all(n.counts) {
				if b, ok := n.order[i].body.(*roleBody); ok && b.Seat == w.seat && MayWrite(b.Role, part) {
					return true
				}
			}
			for _, first := range n.grants(w.seat) {
				if n.counts(first) && slices.ContainsFunc(n.ways(first), func(own way) bool {
					return own.seat == w.seat && MayWrite(own.role, part)
				}) {
					return true
				}
			}
		}
	}
	return false
}

func (n *naive) membersNow() (members []Member) {
	joined := make(map[DeviceID]int)
	for _, d := range n.devices() {
		g, seat, ok := n.placeOf(d)
		if !ok {
			continue
		}
		joined[d] = g
		m := Member{Device: d, Seat: seat, Person: n.person(seat), Role: n.roleNow(seat), Label: n.label(d, seat), Joined: n.order[g].Time}
		if g != 0 {
			m.InvitedBy, m.Admitted = n.order[n.via[g]].Author, n.order[g].Author
		}
		members = append(members, m)
	}
	slices.SortFunc(members, func(a, b Member) int { return joined[a.Device] - joined[b.Device] })
	return members
}

// into lists the grants that count and lead into a seat.
func (n *naive) into(seat DeviceID) []int {
	return n.all(func(g int) bool {
		_, _, ok := n.join(g)
		if !n.counts(g) || !ok && g != 0 {
			return false
		}
		ways := n.ways(g)
		return len(ways) == 1 && ways[0].seat == seat
	})
}

func (n *naive) person(seat DeviceID) (p Person) {
	for i := range n.order {
		if !n.counts(i) {
			continue
		}
		if b, ok := n.order[i].body.(*personBody); ok && n.seat[i] == seat {
			p = b.Person
		}
		if slices.Contains(n.into(seat), i) && n.device(i) == seat && n.comesNew(i, seat) {
			if b, ok := n.order[i].body.(*foundBody); ok {
				p = b.Person
			} else {
				_, a, _ := n.join(i)
				p = a.Person
			}
		}
	}
	return p
}

// comesNew says whether a grant is the first into a seat, or came after what
// ended that.
func (n *naive) comesNew(g int, seat DeviceID) bool {
	return n.into(seat)[0] == g || len(n.all(func(r int) bool {
		s, removed := n.removal(r)
		d, revoked := n.revocation(r)
		return (removed && s == seat || revoked && d == seat) && n.counts(r) && n.below(r, g)
	})) > 0
}

func (n *naive) label(d, seat DeviceID) (label string) {
	for _, i := range n.all(n.counts) {
		if b, ok := n.order[i].body.(*labelBody); ok && b.Device == d && n.seat[i] == seat {
			label = b.Label
		}
		if _, a, ok := n.join(i); ok && a.Device == d && label == "" && slices.Contains(n.into(seat), i) {
			label = a.Label
		}
	}
	return label
}

func (n *naive) roleNow(seat DeviceID) Role {
	roles := make(map[int]Role)
	for _, i := range n.all(n.counts) {
		if b, ok := n.order[i].body.(*roleBody); ok && b.Seat == seat {
			roles[i] = b.Role
		}
	}
	for _, g := range n.into(seat) {
		if n.device(g) == seat {
			roles[g] = n.ways(g)[0].role
		}
	}
	least := Role(0)
	for i, role := range roles {
		top := true
		for j := range roles {
			top = top && !n.below(i, j)
		}
		if top {
			least = max(least, role)
		}
	}
	if least == 0 {
		return Keeper
	}
	return least
}

func (n *naive) describe(seat DeviceID) Seat {
	s := Seat{ID: seat, Person: n.person(seat), Role: n.roleNow(seat)}
	own := slices.DeleteFunc(n.into(seat), func(g int) bool { return n.device(g) != seat })
	for at, g := range own {
		since := n.all(func(r int) bool {
			removed, ok := n.removal(r)
			return ok && removed == seat && n.counts(r) && !n.below(r, g)
		})
		if len(since) > 0 && at < len(own)-1 {
			continue
		}
		s.Joined = n.order[g].Time
		if g != 0 {
			s.InvitedBy, s.Admitted = n.seat[n.via[g]], n.seat[g]
		}
		break
	}
	for i := range n.order {
		if slices.Contains(own, i) && n.comesNew(i, seat) {
			s.ConfirmedBy = DeviceID{}
		}
		if b, ok := n.order[i].body.(*confirmBody); ok && n.counts(i) && b.Seat == seat {
			s.ConfirmedBy = DeviceID{}
			if b.Yes && b.Person.Standing == s.Person.Standing && b.Person.Organisation == s.Person.Organisation {
				s.ConfirmedBy = n.seat[i]
			}
		}
	}
	return s
}

func (n *naive) seatsNow() (seats []Seat) {
	for _, m := range n.membersNow() {
		at := slices.IndexFunc(seats, func(s Seat) bool { return s.ID == m.Seat })
		if at < 0 {
			at = len(seats)
			seats = append(seats, n.describe(m.Seat))
		}
		seats[at].Devices = append(seats[at].Devices, m)
	}
	return seats
}

func (n *naive) formers(live []Seat) (formers []Former) {
	ends := make(map[DeviceID]int)
	for _, g := range n.all(n.counts) {
		_, _, ok := n.join(g)
		if !ok && g != 0 || len(n.ways(g)) == 0 {
			continue
		}
		seat := n.ways(g)[0].seat
		if slices.ContainsFunc(live, func(s Seat) bool { return s.ID == seat }) {
			continue
		}
		for _, r := range n.all(n.counts) {
			s, removed := n.removal(r)
			d, revoked := n.revocation(r)
			if (removed && s == seat || revoked && d == n.device(g)) && !n.below(r, g) {
				ends[seat] = max(ends[seat], r)
			}
		}
	}
	for seat, r := range ends {
		formers = append(formers, Former{n.describe(seat), n.seat[r] == seat, n.seat[r], n.order[r].Time})
	}
	slices.SortFunc(formers, func(a, b Former) int {
		if ends[a.ID] != ends[b.ID] {
			return ends[a.ID] - ends[b.ID]
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
	return formers
}

func (n *naive) requests(members []Member) (requests []Request) {
	for _, i := range n.all(n.counts) {
		a, ok := n.order[i].body.(Application)
		if !ok || !n.key(n.via[i]).ask || slices.ContainsFunc(members, func(m Member) bool { return m.Device == a.Device }) {
			continue
		}
		if len(n.all(func(j int) bool { return n.settles(j, i) || n.declines(j, a) })) == 0 && n.expelled(a.Device, i, len(n.order)) == no {
			requests = append(requests, Request{
				n.order[i].Hash, a.Device, a.Label, a.Person, n.key(n.via[i]).role, a.Invitation, n.seat[i], n.order[i].Time,
			})
		}
	}
	return requests
}

// settles says whether an entry is an answer to a request.
func (n *naive) settles(i, request int) bool {
	b, ok := n.order[i].body.(*answerBody)
	return ok && n.counts(i) && b.Join == n.order[request].Hash
}

// declines says whether an entry says no to a device by an invitation.
func (n *naive) declines(i int, asked Application) bool {
	b, ok := n.order[i].body.(*answerBody)
	if !ok || b.Accept || !n.counts(i) {
		return false
	}
	a, ok := n.order[n.place[b.Join]].body.(Application)
	return ok && a.Device == asked.Device && a.Invitation == asked.Invitation
}

// made lists the keys, each as its first proven invite that counts says, or
// where there is none its first seat key, or else its first invite.
func (n *naive) made() (made []int) {
	seen := make(map[InvitationKey]bool)
	for turn := range 4 {
		for _, i := range n.all(n.counts) {
			if k := n.key(i); k.ok && k.turn == turn && !seen[k.key] {
				seen[k.key] = true
				made = append(made, i)
			}
		}
	}
	slices.Sort(made)
	return made
}

func (n *naive) used(k int) int {
	users := make(map[DeviceID]bool)
	for _, g := range n.all(n.counts) {
		if _, _, ok := n.join(g); ok && n.via[g] == k && len(n.ways(g)) > 0 {
			users[n.device(g)] = true
		}
	}
	return len(users)
}

func (n *naive) expiry(k int) time.Time {
	if seconds := n.key(k).expiry; seconds != 0 {
		return time.Unix(int64(seconds), 0).UTC()
	}
	return time.Time{}
}

func (n *naive) invitations() (invitations []Invitation) {
	for _, k := range n.made() {
		if b, ok := n.order[k].body.(*inviteBody); ok {
			invitations = append(invitations, Invitation{
				b.Invitation, b.Role, int(b.Uses), n.used(k), n.expiry(k), b.Ask,
				n.over(k, len(n.order)) == yes, n.order[k].Author, n.order[k].Time,
			})
		}
	}
	return invitations
}

func (n *naive) seatKeys(purpose Purpose) (keys []SeatKey) {
	for _, k := range n.made() {
		b, ok := n.order[k].body.(*seatKeyBody)
		if ok && b.Purpose == purpose && n.over(k, len(n.order)) == no {
			keys = append(keys, SeatKey{
				b.Key, b.Seat, b.Purpose, int(b.Uses), n.used(k), n.expiry(k), n.order[k].Author, n.order[k].Time,
			})
		}
	}
	return keys
}
