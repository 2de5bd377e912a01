package p2p

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	circuitrelay "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

// to is the connection to another device, as this one sees it.
func (d *device) to(other *device) (Connection, bool) {
	for _, c := range d.node.Connections() {
		if c.Device == other.id() {
			return c, true
		}
	}
	return Connection{}, false
}

func (d *device) reserved(keeper *device) bool {
	reserved, _ := d.node.current().reservations.state(peerOf(keeper.id()))
	return reserved
}

// hidden is where a device listens that nobody can connect to but through a
// keeper, as behind a router.
var hidden = []string{"/p2p-circuit"}

// apart are three devices of a space: the first and the last, which listen
// somewhere, have never met, and are both connected to a keeper.
func apart(t *testing.T, listen []string) (ada, keeper, ben *device, park space.ID) {
	t.Helper()
	ada, keeper, ben = newDevice(t, "Ada"), newDevice(t, "Keeper"), newDevice(t, "Ben")
	for _, d := range []*device{ada, ben} {
		d.stops()
		d.listen = listen
		d.starts()
	}
	park = ada.founds("Park")
	ada.connects(keeper) // a newcomer asks whoever is connected
	keeper.joins(ada.invitesAs(park, space.Keeper, 1, time.Time{}))
	ada.shares(park, keeper)
	code := ada.invites(park, 1, time.Time{})
	keeper.same(park, ada)
	code.Inviter, code.Addresses = keeper.id(), keeper.node.CodeAddresses()
	ben.joins(code)
	ben.same(park, ada)
	return ada, keeper, ben, park
}

func TestMembersMeetThroughTheirKeeper(t *testing.T) {
	ada, keeper, ben, park := apart(t, hidden)
	ada.waitFor("a reservation", func() bool { return ada.reserved(keeper) && ben.reserved(keeper) })
	ada.shares(park, ben)
	for _, pair := range [][2]*device{{ada, ben}, {ben, ada}} {
		c, ok := pair[0].to(pair[1])
		if !ok || c.Via != ViaRelayed || c.Through != keeper.id() || c.In == 0 || c.Out == 0 || !slices.Contains(c.Spaces, park) {
			t.Errorf("%s reaches %s like this: %+v", pair[0].name, pair[1].name, c)
		}
	}
	if c, _ := ada.to(keeper); c.Through != (space.DeviceID{}) || c.Via != ViaLocal {
		t.Errorf("Ada reaches the keeper %s", c.Via)
	}
	// More than a relay passes on in one piece by libp2p's own measure.
	plan := ref(park, "plan")
	ada.writes(plan, string(randomText(1<<20)))
	ben.waitFor("a large change", func() bool { return ben.has(plan, ada, 1) })
	if r := keeper.node.Relaying(); !r.On || r.Bytes == 0 || r.Devices != 2 || !slices.Equal(r.Spaces, []space.ID{park}) {
		t.Errorf("the keeper relays like this: %+v", r)
	}
	if r := ada.node.Relaying(); r.On {
		t.Error("an ordinary member relays")
	}
}

func TestTheKeeperIsSparedWhereMembersReachEachOther(t *testing.T) {
	ada, keeper, ben, park := apart(t, loopback)
	// What they tell each other over the keeper is enough to find each other.
	ada.waitFor("a way to Ben that is not through the keeper", func() bool {
		c, ok := ada.to(ben)
		return ok && c.Via == ViaLocal && c.Through == space.DeviceID{}
	})
	ada.waitFor("the way through the keeper to be given up", func() bool {
		return len(ada.node.current().host.Network().ConnsToPeer(peerOf(ben.id()))) == 1 && keeper.node.Relaying().Devices == 0
	})
	ada.shares(park, ben)
	ben.writes(ref(park, "plan"), "directly")
	ada.waitFor("what Ben wrote", func() bool { return ada.has(ref(park, "plan"), ben, 1) })
}

// A listening host is a keeper's that keeps what it relays.
type listeningHost struct {
	host.Host
	heard *tape
}

func (h listeningHost) SetStreamHandler(id protocol.ID, handler network.StreamHandler) {
	h.Host.SetStreamHandler(id, func(s network.Stream) { handler(h.heard.on(s)) })
}

func (h listeningHost) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	s, err := h.Host.NewStream(ctx, p, ids...)
	if err != nil {
		return nil, err
	}
	return h.heard.on(s), nil
}

func TestAKeeperCannotReadWhatItRelays(t *testing.T) {
	ada, keeper, ben, park := apart(t, hidden)
	ada.shares(park, ben)
	o := keeper.node.current()
	o.relay.close()
	heard := &tape{}
	curious, err := circuitrelay.New(listeningHost{o.host, heard}, circuitrelay.WithInfiniteLimits(), circuitrelay.WithACL(relayRules{keeper.node}))
	if err != nil {
		t.Fatal(err)
	}
	defer curious.Close()
	if _, err := ben.node.current().reserve(t.Context(), o.host.ID()); err != nil {
		t.Fatal(err)
	}
	if err := ada.node.current().host.Network().ClosePeer(peerOf(ben.id())); err != nil {
		t.Fatal(err)
	}
	ada.node.book.again()
	ada.shares(park, ben)

	// What is written, and who writes it, is not among what the keeper passes on.
	secret := randomText(4 << 10)
	ada.writes(ref(park, "plan"), string(secret))
	ben.waitFor("what Ada wrote", func() bool { return ben.has(ref(park, "plan"), ada, 1) })
	passed := heard.bytes()
	if len(passed) < len(secret) {
		t.Fatalf("only %d bytes went through the keeper", len(passed))
	}
	for _, words := range [][]byte{secret[:64], park[:], []byte("/parley/"), []byte("Ada")} {
		if bytes.Contains(passed, words) {
			t.Errorf("the keeper could read %.20q", words)
		}
	}
	// The other end has proven its own key, not the keeper's.
	for _, c := range ada.node.current().host.Network().ConnsToPeer(peerOf(ben.id())) {
		if device, ok := deviceOf(c.RemotePeer()); !ok || device != ben.id() || c.RemotePublicKey() == nil || c.ConnState().Security == "insecure" {
			t.Errorf("the other end is not proven: %+v", c.ConnState())
		}
	}
}

func TestAKeeperRelaysForMembersOnly(t *testing.T) {
	ada, keeper, ben, park := apart(t, hidden)
	ada.waitFor("a reservation", func() bool { return ada.reserved(keeper) && ben.reserved(keeper) })
	// Mallory knows all three, and belongs to none of their spaces.
	mallory := newDevice(t, "Mallory")
	mallory.connects(keeper)
	o := mallory.node.current()
	if _, err := o.reserve(t.Context(), peerOf(keeper.id())); !errors.Is(err, errKeeperRefuses) {
		t.Errorf("a stranger reserves: %v", err)
	}
	rules := relayRules{keeper.node}
	if rules.AllowConnect(peerOf(mallory.id()), nil, peerOf(ada.id())) {
		t.Error("a stranger is passed on to a member")
	}
	if rules.AllowConnect(peerOf(ada.id()), nil, peerOf(mallory.id())) {
		t.Error("a member is passed on to a stranger")
	}
	// Cleo is a member of another of the keeper's spaces. Those two are no
	// fellows, and the keeper does not tell one that the other is there.
	cleo := newDevice(t, "Cleo")
	yard := cleo.founds("Yard")
	keeper.joins(cleo.invitesAs(yard, space.Keeper, 1, time.Time{}))
	cleo.waitFor("a reservation", func() bool { return cleo.reserved(keeper) })
	if rules.AllowConnect(peerOf(cleo.id()), nil, peerOf(ada.id())) {
		t.Error("members of different spaces are passed on to each other")
	}
	if !rules.AllowConnect(peerOf(ben.id()), nil, peerOf(ada.id())) {
		t.Error("members of one space are not")
	}
	// Nobody relays who is no keeper, and Ada lets no stranger come that way.
	if _, err := ben.node.current().reserve(t.Context(), peerOf(ada.id())); err == nil {
		t.Error("an ordinary member relays")
	}
	if ada.node.current().ways.mayCome(peerOf(mallory.id()), through(t, keeper)) {
		t.Error("a stranger may come through a keeper")
	}

	// Whoever is removed loses the keeper's help at once.
	ada.shares(park, ben)
	ada.removes(park, ben)
	// Ada ends what leads to him herself, maybe before the keeper has heard of it.
	keeper.waitFor("Ben's circuits to end", func() bool {
		return !keeper.node.member(park, ben.id()) && keeper.node.Relaying().Devices == 0
	})
	if rules.AllowReserve(peerOf(ben.id()), nil) || rules.AllowConnect(peerOf(ben.id()), nil, peerOf(ada.id())) {
		t.Error("who was removed is helped")
	}
	ben.waitFor("giving the keeper up", func() bool { return !ben.reserved(keeper) })
}

func TestWhoIsRemovedLosesCircuitsWithoutAWord(t *testing.T) {
	ada, keeper, ben, park := apart(t, hidden)
	ada.waitFor("a reservation", func() bool { return ada.reserved(keeper) })
	// Ben comes back with a program of his own, which never says hello.
	ben.stops()
	ada.waitFor("Ben to go", func() bool { _, ok := ada.to(ben); return !ok })
	private, err := hostKey(ben.key)
	if err != nil {
		t.Fatal(err)
	}
	h, err := libp2p.New(libp2p.Identity(private), libp2p.NoListenAddrs, libp2p.EnableRelay(), libp2p.DisableMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	b := &rogue{t: t, key: ben.key, host: h}
	b.connects(keeper)
	way, err := throughAddress(peerOf(keeper.id()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := h.Connect(ctx, peer.AddrInfo{ID: peerOf(ada.id()), Addrs: []multiaddr.Multiaddr{way}}); err != nil {
		t.Fatal(err)
	}
	keeper.waitFor("Ben's circuit", func() bool { return keeper.node.current().hasCircuit(peerOf(ben.id())) })

	ada.removes(park, ben)
	keeper.waitFor("Ben's circuits to end", func() bool {
		return !keeper.node.member(park, ben.id()) && !keeper.node.current().hasCircuit(peerOf(ben.id()))
	})
	waitFor(t, "Ben's way to Ada to end", func() bool { return !b.isConnected(ada) })
	if !b.isConnected(keeper) {
		t.Error("Ben is cut off from what he may share")
	}
}

// A keeper that is one no more may go on all the same.
func TestMembersEndWhatIsRelayedOnceItMayNotBe(t *testing.T) {
	ada, keeper, ben, park := apart(t, hidden)
	ada.waitFor("a reservation", func() bool { return ada.reserved(keeper) && ben.reserved(keeper) })
	ada.shares(park, ben)
	o := keeper.node.current()
	// From now on somebody else's program relays, which ends nothing by itself.
	o.relay.close()
	lax, err := circuitrelay.New(o.host, circuitrelay.WithInfiniteLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer lax.Close()
	circuits := func(d *device) (n int) {
		for _, p := range d.node.current().host.Network().Peers() {
			for _, c := range d.node.current().host.Network().ConnsToPeer(p) {
				if _, relayed := relayOf(c.RemoteMultiaddr()); relayed {
					n++
				}
			}
		}
		return n
	}
	ada.waitFor("a way through it", func() bool { return circuits(ada) > 0 })
	o.relay.mu.Lock()
	o.relay.served = nil
	o.relay.mu.Unlock()
	ada.makes(park, keeper, space.Editor)
	ada.waitFor("the end of what is relayed", func() bool { return circuits(ada) == 0 })
	ben.waitFor("the end of what is relayed", func() bool { return circuits(ben) == 0 })
}

// through is where somebody comes from who comes through a keeper.
func through(t *testing.T, keeper *device) multiaddr.Multiaddr {
	t.Helper()
	a, err := throughAddress(peerOf(keeper.id()))
	if err != nil {
		t.Fatal(err)
	}
	return multiaddr.Join(multiaddr.StringCast("/ip4/127.0.0.1/tcp/1"), a)
}
