package p2p

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"parley/p2p/lab"
	"parley/space"
)

// Where devices listen in these stories: far is no address of a local network.
var (
	far  = []string{"/ip4/203.0.113.7/tcp/0"}
	both = []string{"/ip4/203.0.113.7/tcp/0", "/ip4/127.0.0.1/tcp/0"}
)

// inTwoPlaces tells a story where the machine has such an address, of its own.
func inTwoPlaces(t *testing.T, story func(t *testing.T)) {
	lab.Alone(t, func(t *testing.T) {
		lab.IP(t, "addr", "add", "203.0.113.7/32", "dev", "lo")
		story(t)
	})
}

func (d *device) reaches(id space.ID, reach space.Reach) {
	d.t.Helper()
	entry, err := d.logOf(id).SetReach(d.key, reach, time.Now())
	d.adds(id, entry, err)
}

// moves restarts a device that listens elsewhere from now on.
func (d *device) moves(listen []string) {
	d.t.Helper()
	d.stops()
	d.listen = listen
	d.starts()
}

// at are the addresses of a device that begin like this.
func (d *device) at(network string) (info peer.AddrInfo) {
	prefix := netip.MustParsePrefix(network)
	info.ID = peerOf(d.id())
	for _, a := range d.node.multiaddrs() {
		if ip, ok := ipOf(a); ok && prefix.Contains(ip) {
			info.Addrs = append(info.Addrs, a)
		}
	}
	return info
}

// visits connects to a device at some of its addresses, as the user has said.
func (d *device) visits(info peer.AddrInfo) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	if err := d.node.Connect(ctx, info.Addrs[0].String()+"/p2p/"+info.ID.String()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *device) sharesWith(id space.ID, other *device) bool {
	return d.node.current().sharesWith(id, peerOf(other.id()))
}

// neighbours are two devices with a space that stays on the local network, and
// an ordinary one.
func neighbours(t *testing.T) (ada, ben *device, local, ordinary space.ID) {
	t.Helper()
	ada, ben = newDevice(t, "Ada"), newDevice(t, "Ben")
	local, ordinary = ada.founds("Park"), ada.founds("Yard")
	ada.reaches(local, space.ReachLocal)
	ben.joins(ada.invites(local, 1, time.Time{}))
	ben.joins(ada.invites(ordinary, 1, time.Time{}))
	ada.shares(local, ben)
	ada.shares(ordinary, ben)
	ben.same(local, ada)
	return ada, ben, local, ordinary
}

func TestALocalSpaceIsNotSpokenOfFromAfar(t *testing.T) {
	inTwoPlaces(t, func(t *testing.T) {
		ada, ben, park, yard := neighbours(t)
		invitation := ada.invites(park, 1, time.Time{})
		ada.moves(far)
		ben.moves(far)
		ben.visits(ada.at("203.0.113.0/24"))
		ada.shares(yard, ben)
		if c, _ := ben.to(ada); c.Via != ViaDirect || !slices.Equal(c.Spaces, []space.ID{yard}) {
			t.Errorf("Ben reaches Ada like this: %+v", c)
		}
		// What is written in both goes in one of them.
		ada.writes(ref(park, "plan"), "stays here")
		ada.writes(ref(yard, "plan"), "goes")
		ben.waitFor("what goes", func() bool { return ben.has(ref(yard, "plan"), ada, 1) })
		if ben.has(ref(park, "plan"), ada, 1) || ada.sharesWith(park, ben) || ben.sharesWith(park, ada) {
			t.Error("a space went out of the local network")
		}
		r := ben.node.current().room(park)
		if err := r.pullFrom(t.Context(), peerOf(ada.id()), nil); !errors.Is(err, errOutsider) {
			t.Errorf("Ben asks for it: %v", err)
		}

		// Somebody with Ben's key, and manners of their own, hears no more.
		key := ben.key
		ben.stops()
		rude := newRogue(t, key)
		rude.connects(ada)
		heard := rude.asks(t, ada, park, nil)
		for round, list := range heard.tags {
			if slices.Contains(list, heard.script.helloTag(park, byte(round+1), sideAnswerer)) {
				t.Error("the space is named in a hello")
			}
		}
		for _, raw := range ada.logOf(park).Entries() {
			if slices.ContainsFunc(heard.entries, func(told []byte) bool { return bytes.Equal(told, raw) }) {
				t.Error("an entry of the space is told in a hello")
			}
		}
		pull := rude.opens(ada, catchUpProtocol)
		if err := pull.say(&openPull{Space: park, Landmarks: ada.logOf(park).Landmarks()}); err != nil {
			t.Fatal(err)
		}
		if _, err := pull.hear(logFrame, &logPage{}); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("a pull is answered: %v", err)
		}
		room := rude.opens(ada, gossipProtocol)
		if err := room.say(&enterRoom{Space: park}); err != nil {
			t.Fatal(err)
		}
		if _, err := room.hear(maxGossipRPC, &enterRoom{}); err == nil {
			t.Error("gossip is answered")
		}
		// Nor is anybody let in.
		newcomer := stranger(t, "Newcomer")
		newcomer.connects(ada)
		if _, err := newcomer.knocks(t, ada, invitation); err == nil {
			t.Error("a newcomer was let in from afar")
		}
	})
}

func TestAProofFromAfarIsNotAnsweredByAnotherHello(t *testing.T) {
	inTwoPlaces(t, func(t *testing.T) {
		for name, listen := range map[string][]string{"from afar": far, "from near": loopback} {
			t.Run(name, func(t *testing.T) {
				ada, ben, park, _ := neighbours(t)
				cleo := newDevice(t, "Cleo")
				code := ada.invites(park, 1, time.Time{})
				ben.same(park, ada)
				ada.stops()
				code.Inviter, code.Addresses = ben.id(), ben.node.CodeAddresses()
				cleo.joins(code)
				entries := cleo.logOf(park).Entries()
				ben.stops()
				cleo.stops()
				ada.listen = listen
				ada.starts()

				c := newRogue(t, cleo.key)
				ended := t.Context().Done()
				c.host.SetStreamHandler(helloProtocol, func(stream network.Stream) {
					<-ended
					_ = stream.Reset()
				})
				c.connects(ada)
				o := ada.node.current()
				p := peerOf(cleo.id())
				ada.waitFor("the connection", func() bool { return o.host.Network().Connectedness(p) == network.Connected })
				stream, err := o.host.NewStream(t.Context(), p, helloProtocol)
				if err != nil {
					t.Fatal(err)
				}
				h := o.newHello(stream, p, cleo.id(), sideAnswerer)
				h.proved[park] = entries
				h.finish(t.Context())
				h.abort()
				if !ada.node.member(park, cleo.id()) {
					t.Error("what is proved is not kept")
				}
				o.mu.Lock()
				known := o.peers[p]
				greeting := known != nil && known.greeting
				o.mu.Unlock()
				// That goes on for as long as it is not answered.
				if want := name == "from near"; greeting != want {
					t.Errorf("Ada says hello once more: %v", greeting)
				}
			})
		}
	})
}

func TestNobodyIsDialledFromAfarForALocalSpace(t *testing.T) {
	inTwoPlaces(t, func(t *testing.T) {
		ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
		ada.moves(both)
		park := ada.founds("Park")
		ada.reaches(park, space.ReachLocal)
		for _, raw := range ada.node.InvitationAddresses(park) {
			if a, err := multiaddr.NewMultiaddrBytes(raw); err != nil || !ada.node.current().ways.near(a) {
				t.Errorf("an invitation leads to %v (%v)", a, err)
			}
		}
		if len(ada.node.InvitationAddresses(park)) == 0 {
			t.Error("an invitation leads nowhere")
		}
		code := ada.invites(park, 1, time.Time{})
		code.Addresses = ada.node.InvitationAddresses(park)
		ben.joins(code)
		ada.shares(park, ben)
		ben.stops()
		door, err := net.Listen("tcp4", "203.0.113.7:0")
		if err != nil {
			t.Fatal(err)
		}
		defer door.Close()
		var knocks atomic.Int32
		go func() {
			for {
				c, err := door.Accept()
				if err != nil {
					return
				}
				knocks.Add(1)
				_ = c.Close()
			}
		}()
		address, err := manet.FromNetAddr(door.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if err := ada.node.book.remember(ben.id(), []string{address.String()}); err != nil {
			t.Fatal(err)
		}
		ada.waitFor("Ben to be gone", func() bool { _, ok := ada.to(ben); return !ok })
		ada.node.current().redial(t.Context(), ben.id())
		if n := knocks.Load(); n > 0 {
			t.Errorf("Ada dials an address that is not on the local network, %d times", n)
		}
		// The user may.
		if err := ada.node.Connect(t.Context(), address.String()+"/p2p/"+ben.id().String()); err == nil {
			t.Error("somebody was there")
		}
		ada.waitFor("the dial", func() bool { return knocks.Load() > 0 })
	})
}

func TestASpaceThatStaysFromNowOn(t *testing.T) {
	inTwoPlaces(t, func(t *testing.T) {
		ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
		ada.moves(both)
		ben.moves(both)
		park, yard := ada.founds("Park"), ada.founds("Yard")
		ben.visits(ada.at("203.0.113.0/24"))
		ben.joins(ada.invites(park, 1, time.Time{}))
		ben.joins(ada.invites(yard, 1, time.Time{}))
		ada.shares(park, ben)
		ada.shares(yard, ben)
		if c, _ := ada.to(ben); c.Via != ViaDirect {
			t.Fatalf("Ada reaches Ben %s", c.Via)
		}
		ada.reaches(park, space.ReachLocal)
		ada.waitFor("the end of sharing", func() bool { return !ada.sharesWith(park, ben) })
		ada.writes(ref(park, "plan"), "stays here")
		ada.writes(ref(yard, "plan"), "goes")
		ben.waitFor("what goes", func() bool { return ben.has(ref(yard, "plan"), ada, 1) })
		if ben.has(ref(park, "plan"), ada, 1) || ben.logOf(park).Reach() != space.ReachDirect {
			t.Error("something was said from afar")
		}
		// They come to be on one network, and what connects them then is there.
		if err := ada.node.current().approach(t.Context(), ben.at("127.0.0.0/8")); err != nil {
			t.Fatal(err)
		}
		ada.shares(park, ben)
		ben.same(park, ada)
		if c, _ := ada.to(ben); c.Via != ViaLocal || ben.logOf(park).Reach() != space.ReachLocal {
			t.Errorf("Ada reaches Ben %s", c.Via)
		}
		ada.shares(yard, ben)

		// And back: who is away hears that the space goes anywhere again.
		ada.moves(far)
		ben.moves(far)
		ben.visits(ada.at("203.0.113.0/24"))
		ada.shares(yard, ben)
		if ada.sharesWith(park, ben) {
			t.Error("the space is shared from afar")
		}
		ada.reaches(park, space.ReachDirect)
		ada.shares(park, ben)
		ben.same(park, ada)
	})
}

func TestNothingOfALocalSpaceIsRelayed(t *testing.T) {
	ada, keeper, ben, park := apart(t, hidden)
	ada.shares(park, ben)
	ada.reaches(park, space.ReachLocal)
	ada.waitFor("Ben to go", func() bool { _, ok := ada.to(ben); return !ok })
	keeper.waitFor("the relay to end", func() bool { return !keeper.node.Relaying().On && keeper.node.Relaying().Devices == 0 })
	if len(ada.node.current().circuits(ben.id())) > 0 || ada.node.current().ways.mayCome(peerOf(ben.id()), through(t, keeper)) {
		t.Error("there is a way through the keeper")
	}
	// On the local network the keeper is a member like any other.
	ada.writes(ref(park, "plan"), "by hand")
	ben.waitFor("what the keeper has", func() bool { return ben.has(ref(park, "plan"), ada, 1) })
}
