package space

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// company is a founder and others who all joined by an invitation of hers.
func company(t testing.TB, seed uint64, role Role, names ...string) []*someone {
	t.Helper()
	rand := newSource(seed)
	all := []*someone{founder(t, rand, names[0])}
	code := all[0].invites(role, MaxUses, time.Time{})
	for _, name := range names[1:] {
		p := newcomer(t, rand, name)
		all[0].admits(p, code)
		all = append(all, p)
	}
	meet(all...)
	return all
}

// meet has everybody hear everything that any of them knows.
func meet(people ...*someone) {
	for range 2 {
		for _, p := range people {
			for _, q := range people {
				p.hears(q)
			}
		}
	}
}

func (p *someone) id() DeviceID { return p.key.Device() }

func (p *someone) addsAll(entries []Entry, err error) []Entry {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	raw := make([][]byte, len(entries))
	for i, e := range entries {
		raw[i] = e.Raw
	}
	if added, missing, err := p.log.Add(raw...); err != nil || len(added) != len(entries) || len(missing) != 0 {
		p.t.Fatalf("added %d, missing %d, %v", len(added), len(missing), err)
	}
	return entries
}

func (p *someone) removes(other *someone) {
	p.t.Helper()
	p.addsAll(p.log.Remove(p.key, other.id(), nil, noon))
}

func (p *someone) leaves() { p.t.Helper(); p.removes(p) }

func (p *someone) makes(other *someone, role Role) {
	p.t.Helper()
	p.addsAll(p.log.SetRole(p.key, other.id(), role, nil, noon))
}

func (p *someone) revokes(device *someone) {
	p.t.Helper()
	p.addsAll(p.log.Revoke(p.key, device.id(), nil, noon))
}

// links lets a further device into its own seat.
func (p *someone) links(name string) *someone {
	p.t.Helper()
	device := newcomer(p.t, p.rand, name)
	secret := [32]byte{byte(p.rand.Uint32()), byte(p.rand.Uint32()), 1}
	p.adds(p.log.NewSeatKey(p.key, Link, 1, noon.Add(time.Hour), noon, secret))
	p.admits(device, Code{Space: p.log.ID(), Secret: secret})
	return device
}

// forges writes an entry whatever the rules say, on top of some entries.
func (p *someone) forges(kind Kind, body any, parents ...Hash) Entry {
	p.t.Helper()
	if len(parents) == 0 {
		parents = p.log.Heads()
	}
	slices.SortFunc(parents, compareHashes)
	e, err := seal(p.key, kind, p.log.id[:], parents, noon, body)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.adds(e, nil)
}

// roster is who is in, as a line: names and the first letters of roles.
func roster(l *Log) string {
	var names []string
	for _, s := range l.Seats() {
		names = append(names, s.Person.Name+":"+s.Role.String()[:1])
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// agree fails unless all see the same space, with this roster.
func agree(t *testing.T, want string, people ...*someone) {
	t.Helper()
	meet(people...)
	for _, p := range people {
		if got := roster(p.log); got != want {
			t.Errorf("%s sees %q, want %q", p.name, got, want)
		}
		if summary(p.log) != summary(people[0].log) {
			t.Errorf("%s and %s see different spaces", p.name, people[0].name)
		}
		again := p.copies()
		if fresh := summary(again); fresh != summary(p.log) {
			t.Errorf("%s sees another space after a restart", p.name)
		}
	}
}

// summary is everything a log says.
func summary(l *Log) string {
	return fmt.Sprintf("%x %x\n%s", l.Digest(), l.Entries(), answersOf(l))
}

// answersOf is what a log answers, but for its entries.
func answersOf(l *Log) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name %s reach %s archived %t newer %t facilitators %d\n", l.Name(), l.Reach(), l.Archived(), l.Newer(), l.Facilitators())
	list(&b, "member", l.Members())
	list(&b, "seat", l.Seats())
	list(&b, "former", l.Formers())
	list(&b, "request", l.Requests())
	list(&b, "invitation", l.Invitations())
	list(&b, "link", l.SeatKeys(Link))
	list(&b, "recovery", l.SeatKeys(Recovery))
	list(&b, "successor", l.Successors())
	for _, m := range l.Members() {
		fmt.Fprintf(&b, "may %s %t %t\n", m.Device, l.MayWrite(m.Device, Body), l.MayWrite(m.Device, Annotations))
	}
	for _, name := range slices.SortedFunc(maps.Keys(l.state.limits), compareLimits) {
		fmt.Fprintf(&b, "limit %x %d %x %d\n", name.document, name.part, name.actor,
			l.Limit([]byte(name.actor), name.document, name.part))
	}
	for _, prefix := range slices.SortedFunc(maps.Keys(l.state.actors), func(a, b [16]byte) int {
		first, second := l.state.actors[a], l.state.actors[b]
		return bytes.Compare(first[:], second[:])
	}) {
		device, _ := l.Actor(prefix)
		fmt.Fprintf(&b, "actor %s wrote %t %t\n", device, l.WasWriter(device, Body), l.WasWriter(device, Annotations))
	}
	return b.String()
}

func list[T any](b *strings.Builder, what string, items []T) {
	for _, item := range items {
		fmt.Fprintf(b, "%s %+v\n", what, item)
	}
}
