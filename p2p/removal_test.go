package p2p

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"parley/crdt"
	"parley/space"
)

// removes ends another device's place in a space.
func (d *device) removes(id space.ID, other *device) {
	d.t.Helper()
	entries, err := d.logOf(id).Remove(d.key, other.id(), d.cut(id, other), d.now())
	d.addsAll(id, entries, err)
}

// cut says how far another device's changes are here.
func (d *device) cut(id space.ID, other *device) space.Cut {
	d.t.Helper()
	cut, err := d.store.Cut(d.t.Context(), id, []space.DeviceID{other.id()})
	if err != nil {
		d.t.Fatal(err)
	}
	return cut
}

func (d *device) leaves(id space.ID) { d.t.Helper(); d.removes(id, d) }

func (d *device) addsAll(id space.ID, entries []space.Entry, err error) {
	d.t.Helper()
	if err == nil {
		var raw [][]byte
		for _, e := range entries {
			raw = append(raw, e.Raw)
		}
		_, _, err = d.store.AddEntries(d.t.Context(), id, raw)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// isOut waits until a device knows that it does not belong to a space.
func (d *device) isOut(id space.ID) {
	d.t.Helper()
	d.waitFor("knowing that it is out", func() bool { return !d.node.belongs(id) && d.node.current().room(id) == nil })
}

// hears reports whether a device's router sends another what is gossiped.
func (d *device) hears(id space.ID, other *device) bool {
	o := d.node.current()
	r := o.room(id)
	return r != nil && (r.host.takesPart(peerOf(other.id())) || slices.Contains(r.topic.ListPeers(), peerOf(other.id()))) || o.sharesWith(id, peerOf(other.id()))
}

// streamsWith are the open streams of gossip and catch-up with another device.
func (d *device) streamsWith(other *device) (open []string) {
	for _, c := range d.node.current().host.Network().ConnsToPeer(peerOf(other.id())) {
		for _, s := range c.GetStreams() {
			if s.Protocol() == gossipProtocol || s.Protocol() == catchUpProtocol {
				open = append(open, fmt.Sprint(s.Protocol(), " ", s.Stat().Direction))
			}
		}
	}
	return open
}

func TestRemovedWhileConnected(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park, plan := meeting(t, ada, ben)
	cleo.joins(ada.invites(park, 1, time.Time{}))
	cleo.connects(ben)
	ben.shares(park, cleo)
	ada.shares(park, cleo)
	for _, d := range []*device{ada, cleo} {
		if err := ben.node.Announce(park, Presence{Document: plan.Document}); err != nil {
			t.Fatal(err)
		}
		d.waitFor("Ben's presence", func() bool { return len(d.node.Here(park)) == 1 })
	}

	ada.removes(park, ben)
	ada.writes(plan, "what Ben must not read") // at once, while streams are still open
	ben.isOut(park)
	for _, d := range []*device{ada, cleo} {
		d.waitFor("Ben's being gone", func() bool {
			return !d.hears(park, ben) && len(d.node.Here(park)) == 0 && len(d.streamsWith(ben)) == 0
		})
		if all, err := d.node.Standing(plan); err != nil || len(all) != 1 {
			t.Errorf("%s keeps the standing of %d devices, %v", d.name, len(all), err)
		}
	}
	cleo.same(park, ada)
	if !cleo.has(plan, ada, 2) || ben.has(plan, ada, 2) {
		t.Error("the wrong one has what was written after the removal")
	}
	// The connection stays, and stays silent.
	if ada.node.current().host.Network().Connectedness(peerOf(ben.id())) != network.Connected {
		t.Error("Ben was cut off from what he may share")
	}
	if err := ben.node.CatchUp(t.Context(), park); !errors.Is(err, space.ErrNotMember) {
		t.Errorf("Ben catches up: %v", err)
	}
}

func TestRemovedIsToldNothingLater(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park, _ := meeting(t, ada, ben)
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	ada.invites(park, 1, time.Time{}) // below the removal: Ben will see it
	ada.removes(park, ben)
	upTo := ada.logOf(park).Entries()
	cleo.joins(ada.invites(park, 1, time.Time{})) // above it
	ada.writes(ref(park, "later"), "text")
	cleo.same(park, ada)

	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	ben.isOut(park)
	if got := ben.logOf(park).Entries(); !slices.EqualFunc(got, upTo, slices.Equal) {
		t.Errorf("Ben has %d entries, there were %d up to his removal", len(got), len(upTo))
	}
	if len(ben.store.Documents(park)) != 1 {
		t.Error("Ben got a document that came later")
	}
	if formers := ben.logOf(park).Formers(); len(formers) != 1 || formers[0].ID != ben.id() || formers[0].Left {
		t.Errorf("Ben's log says %+v", formers)
	}
}

func TestRemovedAgainIsToldAgain(t *testing.T) {
	// What ended Ben's first place is nothing new to him: he is told what ended
	// the second.
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, _ := meeting(t, ada, ben)
	ada.removes(park, ben)
	ben.isOut(park)
	ben.joins(ada.invites(park, 1, time.Time{}))
	ben.same(park, ada)
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	ada.removes(park, ben)
	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	ben.connects(ada)
	ben.isOut(park)
}

func TestWhoCameLaterTellsNothing(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park, _ := meeting(t, ada, ben)
	stale := ben.logOf(park).Entries()
	ben.stops()
	ada.removes(park, ben)
	cleo.joins(ada.invites(park, 1, time.Time{}))
	// Ben keeps his old log, and names the space to whoever he meets.
	b := newRogue(t, ben.key)
	for _, c := range []struct {
		to   *device
		told int
	}{{ada, ada.logOf(park).Len() - 2}, {cleo, 0}} {
		b.connects(c.to)
		b.asks(t, c.to, park, stale)
		c.to.waitFor("looking for what to tell", func() bool {
			c.to.node.endings.mu.Lock()
			defer c.to.node.endings.mu.Unlock()
			return len(c.to.node.endings.known) > 0
		})
		heard := b.asks(t, c.to, park, stale)
		if len(heard.entries) != c.told {
			t.Errorf("%s sent %d entries, %d were due", c.to.name, len(heard.entries), c.told)
		}
		for round, list := range heard.tags {
			for _, tag := range list {
				if tag == heard.script.helloTag(park, byte(round+1), sideAnswerer) {
					t.Errorf("%s names the space in round %d", c.to.name, round+1)
				}
			}
		}
	}
}

func TestLeaving(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park, _ := meeting(t, ada, ben)
	cleo.joins(ada.invites(park, 1, time.Time{}))
	cleo.same(park, ada)
	if err := cleo.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	ben.leaves(park)
	ben.isOut(park)
	ada.waitFor("Ben's leaving", func() bool { return !ada.node.member(park, ben.id()) && !ada.hears(park, ben) })
	// Cleo was not there, and meets nobody but Ben.
	ada.stops()
	if err := cleo.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	cleo.connects(ben)
	cleo.waitFor("Ben's leaving", func() bool { return !cleo.node.member(park, ben.id()) && !cleo.hears(park, ben) })
	if ben.node.belongs(park) {
		t.Error("Ben is back")
	}
}

func TestShownOutForAMoment(t *testing.T) {
	// Ada hears that Mal has removed Ben, and then that Mal had been removed at the
	// same time, so that it does not count. Ben has noticed nothing but that Ada's
	// streams ended, and lacks what she said meanwhile.
	zoe, ada, ben, mal := newDevice(t, "Zoe"), newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Mal")
	park := zoe.founds("Park")
	facilitates := func(d *device) {
		log := zoe.logOf(park)
		entry, secret, err := log.Invite(zoe.key, space.InviteOptions{Role: space.Facilitator, Uses: 1}, time.Now(), rand.Reader)
		zoe.adds(park, entry, err)
		d.joins(space.Code{Space: park, Secret: secret, Inviter: zoe.id(), Addresses: zoe.node.CodeAddresses(), Name: "Park"})
	}
	facilitates(ben)
	facilitates(mal)
	mal.stops()
	// Ada came after that, so she has nothing to tell Ben of it.
	before := forked(t, zoe.logOf(park))
	facilitates(ada)
	ada.connects(ben)
	ben.same(park, ada)
	ada.shares(park, ben)
	zoe.stops()
	ofBen, err := before.Remove(mal.key, ben.id(), nil, time.Now())
	ada.addsAll(park, ofBen, err)
	ada.waitFor("Ben's being out", func() bool { return !ada.hears(park, ben) })
	invitation := ada.invites(park, 1, time.Time{}).Invitation()
	ada.waitFor("its being told", func() bool {
		r := ada.node.current().room(park)
		r.mu.Lock()
		defer r.mu.Unlock()
		return slices.Equal(r.told, ada.logOf(park).Landmarks())
	})
	ofMal, err := before.Remove(zoe.key, mal.id(), nil, time.Now())
	ada.addsAll(park, ofMal, err)
	ben.waitFor("the invitation", func() bool { _, ok := ben.logOf(park).Invitation(invitation); return ok })
	ben.same(park, ada)
}

func TestLeavingIsPassedOn(t *testing.T) {
	// Dora is connected to Cleo alone, who learns of Ben's leaving from him.
	ada, ben, cleo, dora := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo"), newDevice(t, "Dora")
	park := ada.founds("Park")
	for _, d := range []*device{ben, cleo, dora} {
		d.joins(ada.invites(park, 1, time.Time{}))
	}
	for _, d := range []*device{ben, cleo, dora} {
		d.same(park, ada)
	}
	for _, d := range []*device{ben, cleo, dora} {
		if err := d.node.SetOffline(true); err != nil {
			t.Fatal(err)
		}
	}
	ada.stops()
	ben.leaves(park)
	for _, d := range []*device{cleo, dora} {
		if err := d.node.SetOffline(false); err != nil {
			t.Fatal(err)
		}
	}
	dora.connects(cleo)
	dora.shares(park, cleo)
	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	cleo.connects(ben)
	for _, d := range []*device{cleo, dora} {
		d.waitFor("Ben's leaving", func() bool { return !d.node.member(park, ben.id()) })
	}
}

func TestRemovedAndAddedAgain(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, plan := meeting(t, ada, ben)
	ada.removes(park, ben)
	ben.isOut(park)
	ada.writes(plan, "while Ben is out")
	ben.joins(ada.invites(park, 1, time.Time{}))
	ada.shares(park, ben)
	ben.same(park, ada)
	ben.writes(plan, "back")
	ada.same(park, ben)
	if !ada.has(plan, ben, 2) || !ben.has(plan, ada, 2) {
		t.Error("something is missing")
	}
}

func TestRemovalEndsPullsUnderWay(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, plan := meeting(t, ada, ben)
	other := ref(park, "other")
	ada.writes(other, "text")
	ben.same(park, ada)
	ben.stops()
	// Ben comes with a program of his own, that begins a pull and takes its time.
	b := newRogue(t, ben.key)
	b.connects(ada)
	c := b.opens(ada, catchUpProtocol)
	if err := c.say(&openPull{Space: park}); err != nil {
		t.Fatal(err)
	}
	for {
		var page logPage
		if _, err := c.hear(logFrame, &page); err != nil {
			t.Fatal(err)
		}
		if page.Last {
			break
		}
	}
	if _, err := c.hear(logFrame, &sums{}); err != nil {
		t.Fatal(err)
	}
	want := wantParts{Wants: []partTips{{Document: plan.Document}}}
	if err := c.say(&want); err != nil {
		t.Fatal(err)
	}
	if _, err := c.hear(pieceFrame, &piece{}); err != nil {
		t.Fatalf("a member's pull: %v", err)
	}
	if _, err := c.hear(pieceFrame, &pullEnd{}); err != nil {
		t.Fatal(err)
	}
	ada.removes(park, ben)
	if err := c.say(&wantParts{Wants: []partTips{{Document: other.Document}}}); err == nil {
		if m, err := c.hear(pieceFrame, &piece{}, &pullEnd{}); err == nil || errors.Is(err, errNonsense) {
			t.Errorf("after the removal came %v, %v", m, err)
		}
	}
	if !b.isConnected(ada) {
		t.Error("Ben was turned away for asking")
	}
}

func TestRemovedServesNobody(t *testing.T) {
	// The other direction: who was removed, and does not know, gives nothing to
	// those who know, and they do not ask.
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, plan := meeting(t, ada, ben)
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	ben.writes(plan, "after the removal, by the log")
	ada.removes(park, ben)
	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	ben.isOut(park)
	if ada.has(plan, ben, 2) {
		t.Error("Ada pulled from Ben")
	}
	if err := ada.node.current().room(park).pullFrom(t.Context(), peerOf(ben.id()), []crdt.Ref{plan}); !errors.Is(err, errOutsider) {
		t.Errorf("Ada pulls from Ben: %v", err)
	}
}

func TestLastUseLostIsTold(t *testing.T) {
	ada, ben, cleo, dora := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo"), newDevice(t, "Dora")
	park := ada.founds("Park")
	ben.joins(ada.invites(park, 1, time.Time{}))
	ben.same(park, ada)
	code := ada.invites(park, 1, time.Time{})
	ben.same(park, ada)
	// Two admit at the same time, who do not see each other.
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	cleo.joins(code)
	if err := ada.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	code.Inviter, code.Addresses = ben.id(), ben.node.CodeAddresses()
	dora.joins(code)
	if err := ada.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	ada.connects(ben)
	ada.same(park, ben)
	loser := dora
	if !ada.node.member(park, cleo.id()) {
		loser = cleo
	}
	// She meets both in any order, and learns it by herself.
	for _, d := range []*device{ada, ben} {
		loser.connects(d)
	}
	loser.isOut(park)
	for _, d := range []*device{ada, ben} {
		d.waitFor("one being in and one out", func() bool {
			return d.node.member(park, cleo.id()) != d.node.member(park, dora.id()) && !d.hears(park, loser)
		})
	}
}
