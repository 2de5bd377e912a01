package space

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// limits writes what the cuts say.
func (n *naive) limits(b *strings.Builder) {
	limits := make(map[string]uint64)
	read := make(map[DeviceID]int)
	for _, i := range n.all(n.counts) {
		cut, continued := cutOf(n.order[i].body)
		cuts := map[int]Cut{}
		take := func(at int, cut Cut) {
			most := MaxNumbersOwn
			if n.role(n.seat[i], i, Facilitator) == yes {
				most = MaxNumbers
			}
			if !n.heeded(i) || read[n.seat[i]] >= most {
				return
			}
			cuts[at] = cut
			for _, part := range cut {
				read[n.seat[i]] += len(part.Actors)
			}
		}
		take(i, cut)
		for _, hash := range continued {
			at, ok := n.place[hash]
			if !ok || !n.below(at, i) || n.order[at].Author != n.order[i].Author {
				continue
			}
			if c, ok := n.order[at].body.(*cutBody); ok {
				take(at, c.Cut)
			}
		}
		for at, cut := range cuts {
			for _, part := range cut {
				need := Editor
				if part.Part == Annotations {
					need = Annotator
				}
				for _, a := range part.Actors {
					if !n.mayCut(i, at, need, a.Actor) || n.replaced(i, at, a.Actor) {
						continue
					}
					name := fmt.Sprintf("limit %x %d %x", part.Document, part.Part, a.Actor)
					limits[name] = max(limits[name], a.Seq)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		fmt.Fprintf(b, "%s %d\n", name, limits[name])
	}
	for _, d := range slices.SortedFunc(slices.Values(n.devices()), func(a, b DeviceID) int { return bytes.Compare(a[:], b[:]) }) {
		fmt.Fprintf(b, "actor %s wrote %t %t\n", d, n.wasWriter(d, Body), n.wasWriter(d, Annotations))
	}
}

// heeded says whether anything of the cut of an entry may be.
func (n *naive) heeded(i int) bool {
	seat := n.seat[i]
	if n.role(seat, i, Facilitator) == yes {
		return true
	}
	beside := n.all(func(r int) bool {
		b, ok := n.order[r].body.(*archiveBody)
		return ok && b.On && n.counts(r) && n.beside(r, i)
	})
	return n.struck(i, seat, Facilitator) == no && len(beside) == 0 && !n.archivedAt(i) && n.role(seat, i, Annotator) == yes
}

// mayCut says whether what an entry, or its continuation at, says of an actor
// is heeded.
func (n *naive) mayCut(i, at int, need Role, actor []byte) bool {
	seat := n.seat[i]
	if n.role(seat, i, Facilitator) == yes {
		return true
	}
	if n.role(seat, i, need) != yes {
		return false
	}
	device, known := n.owner(actor, at)
	revoked, revokes := n.revocation(i)
	return !known || (!revokes || device == revoked) && len(n.all(func(g int) bool {
		return n.letIn(g, device, at, seat) && n.lasting(g, seat, at) == yes
	})) > 0
}

// replaced says whether an entry above what is said of an actor takes it back.
func (n *naive) replaced(i, at int, actor []byte) bool {
	return len(n.all(func(r int) bool {
		if r == i || !n.counts(r) || !n.below(at, r) {
			return false
		}
		device, known := n.owner(actor, r)
		into := func(seat DeviceID) bool {
			return len(n.all(func(g int) bool { return n.letIn(g, device, r, seat) })) > 0
		}
		switch b := n.order[r].body.(type) {
		case *revokeBody:
			by := n.order[i].Author == b.Device
			if n.order[r].Author == b.Device {
				return false
			}
			return !known && by || known && device == b.Device && (by || !into(n.seat[r]))
		case *roleBody:
			return b.Role != Facilitator && n.seat[r] != b.Seat && (known && into(b.Seat) || !known && n.seat[i] == b.Seat)
		case *removeBody:
			return n.seat[r] != b.Seat && (known && into(b.Seat) || !known && n.seat[i] == b.Seat)
		}
		return false
	})) > 0
}

// letIn says whether a grant let a device into a seat below an entry.
func (n *naive) letIn(g int, d DeviceID, at int, seat DeviceID) bool {
	return n.counts(g) && n.below(g, at) && slices.Contains(n.grants(d), g) &&
		slices.ContainsFunc(n.ways(g), func(w way) bool { return w.seat == seat })
}

// owner is the device let in below an entry that an actor belongs to.
func (n *naive) owner(actor []byte, at int) (d DeviceID, ok bool) {
	for _, g := range n.all(n.counts) {
		_, _, join := n.join(g)
		if (join || g == 0) && n.below(g, at) && len(n.ways(g)) > 0 {
			own := ActorFor(ID(n.order[0].Hash), n.device(g), 0)
			if bytes.HasPrefix(actor, own[:16]) {
				return n.device(g), true
			}
		}
	}
	return d, false
}
