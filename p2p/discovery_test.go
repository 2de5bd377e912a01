package p2p

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"parley/p2p/lab"
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
