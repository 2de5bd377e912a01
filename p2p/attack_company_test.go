package p2p

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// The stories of attack_*_test.go let somebody misbehave among devices that do
// not, and look at what all of these end with: the same, and what docs/roles.md
// and docs/formats.md say.

// A company is a space, and real devices that belong to it and hear each other.
type company struct {
	t     *testing.T
	park  space.ID
	plan  crdt.Ref // the body of a document,
	notes crdt.Ref // and its annotations
	all   []*device
}

// someone is to be in a company.
type someone struct {
	name string
	role space.Role
}

// newCompany is founded by Ada, who invites the others. The plan says "hello".
func newCompany(t *testing.T, others ...someone) (c *company, ada *device) {
	t.Helper()
	child := materialize.New(materialize.Options{})
	t.Cleanup(func() {
		if err := child.Close(); err != nil {
			t.Error(err)
		}
	})
	ada = newWorker(t, "Ada", child)
	c = &company{t: t, park: ada.founds("Park"), all: []*device{ada}}
	c.plan = ref(c.park, "plan")
	c.notes = crdt.Ref{Space: c.park, Document: c.plan.Document, Part: space.Annotations}
	ada.writes(c.plan, "hello")
	for _, other := range others {
		d := newWorker(t, other.name, child)
		d.joins(ada.invitesAs(c.park, other.role, 1, time.Time{}))
		c.all = append(c.all, d)
	}
	c.together(c.all...)
	return c, ada
}

// newWorker is a device that does in the background what a program does there.
func newWorker(t *testing.T, name string, child crdt.Materializer) *device {
	t.Helper()
	d := newDevice(t, name)
	d.stops()
	d.child = child
	d.starts()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.store.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return d
}

// together has devices meet that are in the space, and waits until they hold
// the same of it.
func (c *company) together(devices ...*device) {
	c.t.Helper()
	c.online(devices...)
	for i, d := range devices {
		for _, other := range devices[:i] {
			d.shares(c.park, other)
		}
	}
	for _, d := range devices[1:] {
		d.same(c.park, devices[0])
	}
}

// online has devices meet, whatever they know of each other.
func (c *company) online(devices ...*device) {
	c.t.Helper()
	for _, d := range devices {
		if err := d.node.SetOffline(false); err != nil {
			c.t.Fatal(err)
		}
	}
	for i, d := range devices {
		for _, other := range devices[:i] {
			d.connects(other)
		}
	}
}

// apart takes everybody off the network.
func (c *company) apart() {
	c.t.Helper()
	for _, d := range c.all {
		if err := d.node.SetOffline(true); err != nil {
			c.t.Fatal(err)
		}
	}
}

// ends waits until devices tell the same of the space, which is this, and hold
// the same.
func (c *company) ends(want string, devices ...*device) {
	c.t.Helper()
	c.endsWithin(2*patience, want, devices...)
}

func (c *company) endsWithin(limit time.Duration, want string, devices ...*device) {
	c.t.Helper()
	c.waitsFor(limit, want, devices, func(d, first *device) bool { return d.digest(c.park) == first.digest(c.park) })
}

// endsButForLogs is endsWithin where not everybody has room for the same entries:
// what these amount to is the same all the same.
func (c *company) endsButForLogs(limit time.Duration, want string, devices ...*device) {
	c.t.Helper()
	c.waitsFor(limit, want, devices, func(d, first *device) bool {
		return d.store.Digest(c.park) == first.store.Digest(c.park) && c.belonging(d) == c.belonging(first)
	})
}

// belonging is all that a log says of who belongs and may come in, but for when
// who is out was called what.
func (c *company) belonging(d *device) string {
	log := d.logOf(c.park)
	var formers []space.DeviceID
	for _, f := range log.Formers() {
		formers = append(formers, f.ID)
	}
	return fmt.Sprintf("%s %t %s %+v %+v %x %+v %+v %+v %+v", log.Name(), log.Archived(), log.Reach(), log.Members(), log.Seats(), formers,
		log.Requests(), log.Invitations(), log.SeatKeys(space.Link), log.Successors())
}

func (c *company) waitsFor(limit time.Duration, want string, devices []*device, same func(d, first *device) bool) {
	c.t.Helper()
	deadline := time.Now().Add(limit)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		agreed, told := c.compare(want, devices, same)
		if agreed {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("this was to be the end:\n%s\nand is:\n%s", want, strings.Join(told, "\n"))
		}
		<-look.C
	}
}

func (c *company) compare(want string, devices []*device, same func(d, first *device) bool) (agreed bool, told []string) {
	agreed = true
	for _, d := range devices {
		account := c.account(d)
		agreed = agreed && account == want && same(d, devices[0]) &&
			d.logOf(c.park).RightsDigest() == devices[0].logOf(c.park).RightsDigest()
		log := d.logOf(c.park)
		told = append(told, fmt.Sprintf("%s (by %d entries, digest %x): %s", d.name, log.Len(), d.digest(c.park), account))
	}
	return agreed, told
}

// account is what a device tells of the space: who is in it and as what, and
// what its documents say.
func (c *company) account(d *device) string {
	c.t.Helper()
	var people []string
	for _, seat := range d.logOf(c.park).Seats() {
		people = append(people, seat.Person.Name+" "+seat.Role.String())
	}
	slices.Sort(people)
	return strings.Join(people, ", ") + "; plan: " + c.says(d, c.plan) + "; notes: " + c.says(d, c.notes)
}

// setsAside waits until devices have set aside exactly these: whose, the how
// manyth of the plan or the notes, and why.
func (c *company) setsAside(want []string, devices ...*device) {
	c.t.Helper()
	slices.Sort(want)
	for _, d := range devices {
		d.waitFor(fmt.Sprintf("having set aside %q", want), func() bool { return slices.Equal(c.aside(d), want) })
	}
}

func (c *company) aside(d *device) (aside []string) {
	c.t.Helper()
	list, err := d.store.Quarantine(c.park)
	if err != nil {
		c.t.Error(err)
	}
	for _, q := range list {
		aside = append(aside, fmt.Sprintf("%s's %d in the %s: %s", c.nameOf(q.Actor), q.Seq, q.Ref.Part, q.Reason.Error()))
	}
	slices.Sort(aside)
	return aside
}

// nameOf is whose an actor is.
func (c *company) nameOf(actor chunk.Actor) string {
	for _, d := range c.all {
		if own := space.ActorFor(c.park, d.id(), 0); chunk.Actor(own[:]) == actor {
			return d.name
		}
	}
	return "somebody"
}

// says is all that was written in a part and counts there.
func (c *company) says(d *device, ref crdt.Ref) string {
	c.t.Helper()
	chunks, _, err := d.store.Load(ref)
	if err != nil {
		c.t.Error(err)
	}
	var values []string
	for _, raw := range chunks {
		change, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			c.t.Fatal(err) // a snapshot: the stories are too short for one
		}
		for ops := change.Ops(); ops.Next(); {
			value, _ := ops.Value.Text()
			values = append(values, value)
		}
	}
	slices.Sort(values)
	return strings.Join(values, ", ")
}

// invitesAs makes a code for a role.
func (d *device) invitesAs(id space.ID, role space.Role, uses int, expiry time.Time) space.Code {
	d.t.Helper()
	log := d.logOf(id)
	entry, secret, err := log.Invite(d.key, space.InviteOptions{Role: role, Uses: uses, Expiry: expiry}, d.now(), rand.Reader)
	d.adds(id, entry, err)
	return space.Code{Space: id, Secret: secret, Inviter: d.id(), Addresses: d.node.CodeAddresses(), Name: log.Name(), Expiry: expiry}
}

// makes gives somebody another role, as a facilitator's device does.
func (d *device) makes(id space.ID, other *device, role space.Role) {
	d.t.Helper()
	entries, err := d.logOf(id).SetRole(d.key, other.id(), role, d.cut(id, other), d.now())
	d.addsAll(id, entries, err)
}
