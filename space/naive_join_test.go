package space

import "slices"

func (n *naive) passes(i int, a Application) (t truth, via int) {
	via, first := -1, yes
	doors := n.doors(a.Invitation)
	slices.SortStableFunc(doors, func(a, b int) int { return n.key(a).turn - n.key(b).turn })
	for _, k := range doors {
		if !n.below(k, i) {
			continue
		}
		through := min(first, n.gives(k), n.lets(k, i, a.Device))
		if through == yes {
			via = k
		}
		t, first = max(t, through), min(first, not(n.gives(k)))
	}
	return t, via
}

func (n *naive) lets(k, i int, d DeviceID) truth {
	key := n.key(k)
	t := is(key.expiry == 0 || uint64(n.order[i].Time.Unix()) <= key.expiry)
	t = min(t, not(n.over(k, i)), not(n.present(d, i)))
	if key.seat == (DeviceID{}) {
		t = min(t, not(n.inhabited(d, i)))
	}
	t = min(t, not(n.expelled(d, k, i)))
	if key.ask {
		return t
	}
	takers := n.all(func(j int) bool {
		b, ok := n.order[j].body.(Application)
		return ok && b.Invitation == key.key
	})
	return min(t, n.room(k, takers, i, d))
}

// over says whether an invite or seat key has ended below an entry.
func (n *naive) over(k, at int) truth {
	key := n.key(k)
	seat := key.seat
	if seat == (DeviceID{}) && n.counts(k) {
		seat = n.seat[k]
	}
	return some(n.all(func(r int) bool { return n.below(r, at) }), func(r int) truth {
		switch b := n.order[r].body.(type) {
		case *withdrawBody:
			if b.Invitation == key.key && n.below(k, r) {
				return min(n.gives(r), n.ends(r, key.seat))
			}
		case *seatKeyBody:
			if key.recovery && b.Purpose == Recovery && b.Seat == key.seat && n.below(k, r) {
				return n.gives(r)
			}
		case *revokeBody:
			if b.Device == n.order[k].Author && !n.below(r, k) {
				return n.gives(r)
			}
		case *roleBody:
			if key.seat == (DeviceID{}) && seat != (DeviceID{}) && b.Seat == seat && b.Role != Facilitator && !n.below(r, k) {
				return n.gives(r)
			}
		case *removeBody:
			left := key.seat == DeviceID{} && n.counts(r) && n.seat[r] == seat
			if b.Seat == seat && seat != (DeviceID{}) && !left && !n.below(r, k) {
				return n.gives(r)
			}
		}
		return no
	})
}

// ends says whether a withdrawal ends key entries that lead into a seat.
func (n *naive) ends(r int, seat DeviceID) truth {
	if !n.counts(r) || n.seat[r] == seat {
		return yes
	}
	by := n.seat[r]
	return min(n.role(by, r, Facilitator), not(n.struck(r, by, Facilitator)))
}

func (n *naive) present(d DeviceID, at int) truth {
	return some(n.grants(d), func(g int) truth { return n.holds(g, nil, at) })
}

func (n *naive) inhabited(seat DeviceID, at int) truth {
	any := n.all(func(i int) bool { _, _, ok := n.join(i); return ok || i == 0 })
	return some(any, func(g int) truth { return n.holds(g, &seat, at) })
}

func (n *naive) holds(g int, seat *DeviceID, at int) (t truth) {
	if !n.below(g, at) {
		return no
	}
	for _, w := range n.ways(g) {
		if seat == nil || w.seat == *seat {
			t = max(t, min(n.gives(g), n.lasting(g, w.seat, at)))
		}
	}
	return t
}

func (n *naive) expelled(d DeviceID, by, at int) (t truth) {
	since := n.all(func(r int) bool { return n.below(r, at) && !n.below(r, by) })
	for _, r := range since {
		if revoked, ok := n.revocation(r); ok && revoked == d {
			t = max(t, n.gives(r))
		}
		removed, ok := n.removal(r)
		for _, g := range n.grants(d) {
			if ok && n.below(g, at) && slices.ContainsFunc(n.ways(g), func(w way) bool { return w.seat == removed }) {
				t = max(t, min(n.gives(g), n.gives(r)))
			}
		}
	}
	return t
}

// room says whether a use is left where the others who take one come first. It
// counts them once as few and once as many as they can be.
func (n *naive) room(k int, takers []int, i int, d DeviceID) truth {
	surely, perhaps := make(map[DeviceID]bool), make(map[DeviceID]bool)
	mine := no
	for _, j := range takers {
		if j >= i {
			break
		}
		at, a, _ := n.join(j)
		if n.counts(j) && n.via[j] != k || n.verdict[j] == no || !n.below(k, at) {
			continue
		}
		if a.Device == d {
			mine = max(mine, n.verdict[j])
			continue
		}
		perhaps[a.Device] = true
		if n.counts(j) {
			surely[a.Device] = true
		}
	}
	uses := n.key(k).uses
	switch {
	case len(perhaps) < uses:
		return yes
	case len(surely) < uses:
		return max(maybe, mine)
	}
	return mine
}

func (n *naive) answers(i int, b *answerBody) (t truth, via int) {
	via = -1
	at, ok := n.place[b.Join]
	if !ok || !n.below(at, i) {
		return no, -1
	}
	a, ok := n.order[at].body.(Application)
	if !ok {
		return no, -1
	}
	for _, k := range n.doors(a.Invitation) {
		possible := n.verdict[at] == maybe && n.verdict[k] != no && n.below(k, at)
		if !n.key(k).ask || !possible && !(n.counts(at) && n.via[at] == k) {
			continue
		}
		through := n.gives(at)
		if b.Accept {
			through = min(through, n.accepts(i, at, k, a.Device))
		}
		if through == yes && t != yes {
			via = k
		}
		t = max(t, through)
	}
	return t, via
}

func (n *naive) accepts(i, join, k int, d DeviceID) truth {
	answers := func(yes bool) []int {
		return n.all(func(j int) bool {
			b, ok := n.order[j].body.(*answerBody)
			if !ok || b.Accept != yes {
				return false
			}
			at, known := n.place[b.Join]
			if !known || !n.below(at, j) {
				return false
			}
			a, ok := n.order[at].body.(Application)
			return ok && (yes && a.Invitation == n.key(k).key || at == join)
		})
	}
	t := every(answers(false), func(j int) truth {
		if n.beside(i, j) {
			return not(n.gives(j))
		}
		return yes
	})
	return min(t, not(n.present(d, i)), not(n.inhabited(d, i)), not(n.expelled(d, join, i)), n.room(k, answers(true), i, d))
}
