package p2p

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	circuitrelay "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/multiformats/go-multiaddr"

	"parley/p2p/lab"
	"parley/space"
)

// helped are Ada and Ben, to whom nobody can connect, and Hana, whom the internet
// reaches and who is no keeper. All three are in one space without one.
func helped(t *testing.T) (ada, hana, ben *device, park space.ID) {
	t.Helper()
	ada, hana, ben = newDevice(t, "Ada"), livesAt(t, "Hana", "1.2.3.4"), newDevice(t, "Ben")
	ada.moves(hidden)
	ben.moves(hidden)
	park = hana.founds("Park")
	ada.joins(hana.invites(park, 1, time.Time{}))
	ben.joins(hana.invites(park, 1, time.Time{}))
	hana.waitFor("being of help", hana.helps)
	return ada, hana, ben, park
}

func (d *device) helps() bool { return d.node.Relaying().Helping }

// detours reports whether a device is connected to another in the way that leads
// through a third, is short, and carries nothing but what it takes to come nearer.
func (d *device) detours(other *device) bool {
	return d.node.current().host.Network().Connectedness(peerOf(other.id())) == network.Limited
}

func TestAMemberWhomTheInternetReachesHelpsOthersToFindEachOther(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		ada, hana, ben, park := helped(t)
		ada.waitFor("being found", func() bool { return ada.reserved(hana) && ben.reserved(hana) })
		ada.waitFor("a way to Ben", func() bool { return ada.detours(ben) && ben.detours(ada) })
		if r := hana.node.Relaying(); r.On || !r.Willing || r.Helped != 2 || r.Devices != 2 || len(r.Spaces) > 0 {
			t.Errorf("Hana helps like this: %+v", r)
		}
		// What they write goes by way of Hana's own copy and not over the circuit.
		if _, ok := ada.to(ben); ok {
			t.Error("Ben counts as connected")
		}
		ada.writes(ref(park, "plan"), string(randomText(4*helpBytes)))
		ben.waitFor("what Ada wrote", func() bool { return ben.has(ref(park, "plan"), ada, 1) })
		if relayed := hana.node.Relaying().Bytes; relayed >= helpBytes {
			t.Errorf("%d bytes were passed on", relayed)
		}
		// An invitation of Ada's leads to her by way of Hana.
		hana.makes(park, ada, space.Facilitator)
		ada.same(park, hana)
		code := ada.invites(park, 1, time.Time{})
		code.Addresses = ada.node.InvitationAddresses(park)
		if doors := doorsOf(code); len(doors) != 2 || doors[1].ID != peerOf(hana.id()) {
			t.Errorf("the invitation leads to %v", doors)
		}

		for _, why := range []struct {
			name      string
			ends, not func()
		}{
			{"she does not want to", func() { hana.node.SetHelping(false) }, func() { hana.node.SetHelping(true) }},
			{"the network is used sparingly", func() { hana.node.SetFrugal(true) }, func() { hana.node.SetFrugal(false) }},
			{"the space stays on the local network", func() { hana.reaches(park, space.ReachLocal) }, func() { hana.reaches(park, space.ReachDirect) }},
		} {
			why.ends()
			hana.waitFor("helping to end: "+why.name, func() bool { r := hana.node.Relaying(); return !r.Helping && r.Devices == 0 })
			ada.waitFor("the end of the way to Ben: "+why.name, func() bool { return !ada.detours(ben) && !ben.detours(ada) })
			if rules := (helpRules{hana.node.current(), newAllowance(1, 0, 1)}); rules.AllowReserve(peerOf(ada.id()), nil) && len(hana.node.helped()) > 0 {
				t.Errorf("she helps although %s", why.name)
			}
			why.not()
			hana.waitFor("being of help again after "+why.name, hana.helps)
		}
	})
}

func TestAMemberHelpsFellowMembersOnly(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		ada, hana, ben, park := helped(t)
		ada.waitFor("being found", func() bool { return ada.reserved(hana) && ben.reserved(hana) })
		rules := helpRules{hana.node.current(), newAllowance(1, 0, 1)}
		connects := func(a, b *device) bool { return rules.AllowConnect(peerOf(a.id()), nil, peerOf(b.id())) }
		if !connects(ada, ben) {
			t.Error("fellow members are not helped")
		}

		mallory := newDevice(t, "Mallory")
		mallory.connects(hana)
		if _, err := mallory.node.current().reserve(t.Context(), peerOf(hana.id())); !errors.Is(err, errKeeperRefuses) {
			t.Errorf("a stranger reserves: %v", err)
		}
		if connects(mallory, ada) || connects(ada, mallory) {
			t.Error("a stranger is helped")
		}

		// Cleo is in another of Hana's spaces: no fellow of Ada's.
		cleo := newDevice(t, "Cleo")
		yard := hana.founds("Yard")
		cleo.moves(hidden)
		cleo.joins(hana.invites(yard, 1, time.Time{}))
		cleo.waitFor("being found", func() bool { return cleo.reserved(hana) })
		if connects(cleo, ada) || connects(ada, cleo) {
			t.Error("members of different spaces are helped to find each other")
		}
		// Dan is in one that stays on the local network, and in no other.
		dan := newDevice(t, "Dan")
		shed := hana.founds("Shed")
		dan.joins(hana.invites(shed, 1, time.Time{}))
		hana.reaches(shed, space.ReachLocal)
		if rules.AllowReserve(peerOf(dan.id()), nil) || connects(dan, ada) {
			t.Error("somebody is helped for a space that stays on the local network")
		}

		// Whoever is removed is helped no more, and is not connected through Hana.
		ada.waitFor("a way to Ben", func() bool { return ada.detours(ben) })
		hana.removes(park, ben)
		ada.same(park, hana)
		ada.waitFor("the end of it", func() bool { return !ada.detours(ben) })
		if rules.AllowReserve(peerOf(ben.id()), nil) || connects(ben, ada) || connects(ada, ben) {
			t.Error("who was removed is helped")
		}
		if ada.node.current().ways.mayCome(peerOf(ben.id()), through(t, hana)) {
			t.Error("who was removed may come through Hana")
		}
	})
}

// Members take each other's help by the same rules, however the other behaves.
func TestMembersAreHelpedToPunchHolesAndNoFurther(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		ada, hana, ben, _ := helped(t)
		ada.waitFor("a way to Ben", func() bool { return ada.detours(ben) })
		// From now on Hana would carry anything, as keepers do.
		o := hana.node.current()
		o.relay.close()
		lavish, err := circuitrelay.New(o.host, circuitrelay.WithInfiniteLimits())
		if err != nil {
			t.Fatal(err)
		}
		defer lavish.Close()
		for _, p := range []*device{ada, ben} {
			o.relay.cut(peerOf(p.id()))
		}
		ada.waitFor("the end of the old way", func() bool { return !ada.detours(ben) && !ben.detours(ada) })
		if _, err := ben.node.current().reserve(t.Context(), peerOf(hana.id())); err != nil {
			t.Fatal(err)
		}
		way, err := throughAddress(peerOf(hana.id()))
		if err != nil {
			t.Fatal(err)
		}
		// Ada takes no such way, and Ben none that somebody else takes to him.
		h := ada.node.current().host
		if err := h.Connect(t.Context(), peer.AddrInfo{ID: peerOf(ben.id()), Addrs: []multiaddr.Multiaddr{way}}); err == nil {
			t.Errorf("Ada goes a way without limits through who is no keeper: %v", h.Network().ConnsToPeer(peerOf(ben.id())))
		}
		if h.Network().Connectedness(peerOf(ben.id())) == network.Connected {
			t.Error("she is connected")
		}
	})
}

func TestHelpIsSpreadAndBounded(t *testing.T) {
	lab.Alone(t, func(t *testing.T) {
		ada := newDevice(t, "Ada")
		ada.moves(hidden)
		park := ada.founds("Park")
		var all []*device
		for i := range helpersWanted + 2 {
			h := livesAt(t, fmt.Sprint("Helper ", i), fmt.Sprintf("1.2.%d.4", 3+i))
			ada.connects(h)
			h.joins(ada.invites(park, 1, time.Time{}))
			all = append(all, h)
		}
		for _, h := range all {
			h.waitFor("being of help", h.helps)
		}
		o := ada.node.current()
		ada.waitFor("everybody's help", func() bool { return len(o.helpers(ada.id())) == len(all) })
		wanted := func() []bool {
			var reserved []bool
			for _, p := range o.helpers(ada.id()) {
				r, _ := o.reservations.state(p)
				reserved = append(reserved, r)
			}
			return reserved
		}
		ada.waitFor("being found through the first three", func() bool {
			return slices.Equal(wanted(), []bool{true, true, true, false, false})
		})
		// Everybody who looks for Ada looks in the same places first.
		if seen := all[0].node.current().helpers(ada.id()); len(seen) > 0 {
			mine := slices.DeleteFunc(o.helpers(ada.id()), func(p peer.ID) bool { return !slices.Contains(seen, p) })
			if !slices.Equal(mine, seen) {
				t.Errorf("Ada is looked for through %v, and would be found through %v", seen, mine)
			}
		}
		// One of them stops: another takes its place.
		for _, h := range all {
			if o.helpers(ada.id())[0] == peerOf(h.id()) {
				h.node.SetHelping(false)
				break
			}
		}
		ada.waitFor("another's help", func() bool { return slices.Equal(wanted(), []bool{true, true, true, false}) })
	})
}
