package space

import "slices"

// decide decides components in an order in which what they depend on comes
// before them.
func (n *naive) decide() {
	size := len(n.order)
	reach := make([][]bool, size)
	for i := range reach {
		reach[i] = make([]bool, size)
		for j := range reach {
			reach[i][j] = i != j && n.dependsOn(i, j)
		}
	}
	for k := range size {
		for i := range size {
			for j := range size {
				reach[i][j] = reach[i][j] || reach[i][k] && reach[k][j]
			}
		}
	}
	done := make([]bool, size)
	var settle func(i int)
	settle = func(i int) {
		if done[i] {
			return
		}
		together := n.all(func(j int) bool { return j == i || reach[i][j] && reach[j][i] })
		for _, j := range together {
			done[j] = true
		}
		for j := range size {
			if reach[i][j] {
				settle(j)
			}
		}
		n.settle(together)
	}
	for i := range size {
		settle(i)
	}
}

func (n *naive) settle(together []int) {
	for round, changed := 0, len(together) > 1; changed && round < maxRounds; round++ {
		changed = false
		for _, i := range together {
			if n.verdict[i] != maybe {
				continue
			}
			if t, seat, via := n.judge(i); t != maybe {
				n.set(i, t, seat, via)
				changed = true
			}
		}
	}
	type ruling struct {
		i    int
		t    truth
		seat DeviceID
		via  int
	}
	var rulings []ruling
	n.assume = true
	for _, i := range together {
		if len(together) > 1 && n.verdict[i] == maybe && n.isTaking(i) {
			t, seat, via := n.judge(i)
			rulings = append(rulings, ruling{i, t, seat, via})
		}
	}
	n.assume = false
	for _, r := range rulings {
		n.set(r.i, r.t, r.seat, r.via)
	}
	for _, i := range together {
		if n.verdict[i] == maybe {
			t, seat, via := n.judge(i)
			n.set(i, t, seat, via)
		}
	}
}

func (n *naive) set(i int, t truth, seat DeviceID, via int) {
	if t != yes {
		n.verdict[i] = no
		return
	}
	n.verdict[i], n.seat[i], n.via[i] = yes, seat, via
}

func (n *naive) isTaking(i int) bool {
	switch b := n.order[i].body.(type) {
	case *removeBody, *revokeBody, *withdrawBody:
		return true
	case *roleBody:
		return b.Role != Facilitator
	case *answerBody:
		return !b.Accept
	}
	return false
}

// dependsOn is the table in docs/formats.md.
func (n *naive) dependsOn(e, f int) bool {
	if n.order[e].Kind > lastKind || e == 0 {
		return false
	}
	author := n.order[e].Author
	below, beside := n.below(f, e), n.beside(f, e)
	if below && n.isGrant(f, author) {
		return true
	}
	if d, ok := n.revocation(f); ok && d == author && (below || beside) {
		return true
	}
	for _, seat := range n.mayBeIn(author, e) {
		if s, ok := n.removal(f); ok && s == seat && (below || beside) {
			return true
		}
		switch n.order[e].Kind {
		case KindJoin, KindPerson, KindCut, KindSeatKey, KindLabel:
			continue
		}
		b, ok := n.order[f].body.(*roleBody)
		if below && (ok && b.Seat == seat || n.isGrant(f, seat)) {
			return true
		}
		if beside && ok && b.Seat == seat && b.Role != Facilitator {
			return true
		}
	}
	switch b := n.order[e].body.(type) {
	case *revokeBody:
		return below && n.isGrant(f, b.Device)
	case *labelBody:
		return below && n.isGrant(f, b.Device)
	case *withdrawBody:
		return below && n.key(f).ok && n.key(f).key == b.Invitation
	case Application:
		return n.newcomerDependsOn(e, f, b)
	case *answerBody:
		at, ok := n.place[b.Join]
		if !ok || !n.below(at, e) {
			return false
		}
		a, ok := n.order[at].body.(Application)
		if !ok {
			return false
		}
		if f == at {
			return true
		}
		other, ok := n.order[f].body.(*answerBody)
		refusal := ok && !other.Accept && other.Join == b.Join && n.below(at, f)
		return b.Accept && (refusal && (below || beside) || n.newcomerDependsOn(e, f, a))
	}
	return false
}

func (n *naive) newcomerDependsOn(e, f int, a Application) bool {
	below := n.below(f, e)
	_, joins := n.order[e].body.(Application)
	sameWay := func(i int) bool {
		_, other, ok := n.join(i)
		_, join := n.order[i].body.(Application)
		return ok && join == joins && other.Invitation == a.Invitation
	}
	if f < e && sameWay(f) && len(n.all(func(i int) bool { return f < i && i < e && sameWay(i) })) == 0 {
		return true
	}
	if !below {
		return false
	}
	if n.key(f).ok && n.key(f).key == a.Invitation || n.isGrant(f, a.Device) {
		return true
	}
	if b, ok := n.order[f].body.(*withdrawBody); ok && b.Invitation == a.Invitation {
		return true
	}
	if d, ok := n.revocation(f); ok && d == a.Device {
		return true
	}
	seats := append(n.mayBeIn(a.Device, e), a.Device)
	for _, k := range n.doors(a.Invitation) {
		if !n.below(k, e) {
			continue
		}
		if d, ok := n.revocation(f); ok && d == n.order[k].Author {
			return true
		}
		into := n.key(k).seat
		if into == (DeviceID{}) {
			inviters := n.mayBeIn(n.order[k].Author, k)
			if b, ok := n.order[f].body.(*roleBody); ok && b.Role != Facilitator && slices.Contains(inviters, b.Seat) {
				return true
			}
			seats = append(seats, inviters...)
			continue
		}
		seats = append(seats, into)
		if b, ok := n.order[f].body.(*seatKeyBody); ok && b.Seat == into {
			return true
		}
	}
	if s, ok := n.removal(f); ok && slices.Contains(seats, s) {
		return true
	}
	for k := range n.order {
		if b, ok := n.order[k].body.(*seatKeyBody); ok && b.Seat == a.Device && n.below(k, e) {
			other, ok := n.order[f].body.(Application)
			if ok && other.Invitation == b.Key {
				return true
			}
			d, revokes := n.revocation(f)
			with := n.all(func(j int) bool {
				other, ok := n.order[j].body.(Application)
				return ok && n.below(j, e) && other.Invitation == b.Key && other.Device == d
			})
			if revokes && len(with) > 0 {
				return true
			}
		}
	}
	return false
}

func (n *naive) isGrant(i int, d DeviceID) bool { return slices.Contains(n.grants(d), i) }

// mayBeIn lists the seats that a device may have been let into below an entry.
func (n *naive) mayBeIn(d DeviceID, at int) (seats []DeviceID) {
	for _, g := range n.grants(d) {
		if !n.below(g, at) {
			continue
		}
		if g == 0 {
			seats = append(seats, d)
			continue
		}
		join, a, _ := n.join(g)
		for _, k := range n.doors(a.Invitation) {
			if !n.below(k, join) {
				continue
			}
			if seat := n.key(k).seat; seat != (DeviceID{}) {
				seats = append(seats, seat)
			} else {
				seats = append(seats, d)
			}
		}
	}
	return seats
}
