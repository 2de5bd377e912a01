package p2p

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"parley/p2p/lab"
	"parley/space"
)

// turnsOnDiscovery restarts devices with multicast, on every interface.
func turnsOnDiscovery(devices ...*device) {
	for _, d := range devices {
		d.stops()
		d.mdns, d.listen = true, nil
		d.starts()
	}
}

func TestFoundOnTheLocalNetwork(t *testing.T) { lab.Alone(t, foundNearby) }

func foundNearby(t *testing.T) {
	lab.LocalNetwork(t)
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	turnsOnDiscovery(ada, ben)
	park := ada.founds("Park")
	code := ada.invites(park, 1, time.Time{})
	code.Addresses = nil // nothing but the local network can lead to Ada
	ben.joins(code)
	ben.same(park, ada)
}

// Anybody on the network may name any address.
func TestOnlyWhatIsOnOurNetworksIsFound(t *testing.T) {
	ada := newDevice(t, "Ada")
	o := ada.node.current()
	o.ways.mu.Lock()
	o.ways.looked = time.Now().Add(time.Hour)
	o.ways.networks = []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("10.9.9.9/32"),
		netip.MustParsePrefix("192.168.77.0/24"), netip.MustParsePrefix("fd77::/64"), netip.MustParsePrefix("fe80::/64"),
	}
	o.ways.mu.Unlock()
	f := newFinder(o)
	for i, one := range []struct {
		at    string
		found bool
	}{
		{"/ip4/192.168.77.2/tcp/1", true}, {"/ip6/fd77::2/udp/1/quic-v1", true},
		{"/ip4/127.0.0.1/tcp/1", false}, {"/ip6/::1/tcp/1", false}, {"/ip4/192.168.78.2/tcp/1", false}, {"/ip4/10.9.9.9/tcp/1", false},
		{"/ip4/10.0.0.1/tcp/1", false}, {"/ip6/fd78::2/tcp/1", false}, {"/ip6/fe80::2/tcp/1", false}, {"/ip4/203.0.113.7/tcp/1", false},
		{"/ip6/::ffff:127.0.0.1/tcp/1", false},
	} {
		p := peerOf(space.KeyFromSeed([32]byte{byte(i + 1)}).Device())
		f.heard([]string{mdnsAddress + one.at + "/p2p/" + p.String()}, "lan")
		o.node.meetings.mu.Lock()
		_, found := o.node.meetings.recent[p]
		o.node.meetings.mu.Unlock()
		if found != one.found {
			t.Errorf("%s is found: %v", one.at, found)
		}
	}
}

func TestTheOldestThatWaitToBeDialledMakeRoom(t *testing.T) {
	f := &finder{dialled: make(map[peer.ID]bool)}
	name := func(i int) peer.ID { return peer.ID(fmt.Sprint("device ", i)) }
	const all = mdnsDials + 2*mdnsQueue
	for i := range all {
		f.begin(peer.AddrInfo{ID: name(i)})
	}
	if len(f.queue) != mdnsQueue || f.queue[mdnsQueue-1].ID != name(all-1) {
		t.Errorf("%d wait, the last is %s", len(f.queue), f.queue[len(f.queue)-1].ID)
	}
}

func TestStrangersFoundAreLeftAloneWithoutASpace(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	info := peer.AddrInfo{ID: peerOf(ben.id()), Addrs: ben.node.multiaddrs()}
	o := ada.node.current()
	f := newFinder(o)
	f.found(info)
	ada.founds("Park")
	if o.host.Network().Connectedness(info.ID) == network.Connected {
		t.Error("Ada dialled Ben without having anything to ask him")
	}
	f.found(info)
	ada.waitFor("a connection", func() bool { return o.host.Network().Connectedness(info.ID) == network.Connected })
}
