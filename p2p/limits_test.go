package p2p

import (
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	circuitrelay "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

func TestRefusalsEnd(t *testing.T) {
	now := time.Unix(1000, 0)
	g := newGater(nil)
	g.now = func() time.Time { return now }
	mallory, ada := peerOf(space.DeviceID{1}), peerOf(space.DeviceID{2})
	g.refuse(mallory)
	if g.InterceptPeerDial(mallory) || g.InterceptSecured(network.DirInbound, mallory, nil) {
		t.Error("a refused device is let through")
	}
	if !g.InterceptPeerDial(ada) || !g.InterceptSecured(network.DirInbound, ada, nil) {
		t.Error("another device is refused")
	}
	if g.InterceptSecured(network.DirInbound, peer.ID("a key of another kind"), nil) {
		t.Error("a device without an Ed25519 key is let through")
	}
	now = now.Add(refusalTime + time.Second)
	if !g.allows(mallory) {
		t.Error("a refusal never ends")
	}
	for i := range 2 * maxRefusals {
		now = now.Add(time.Millisecond)
		g.refuse(peer.ID(fmt.Sprint(i)))
	}
	if len(g.refused) > maxRefusals {
		t.Errorf("%d refusals are remembered", len(g.refused))
	}
}

func TestAllowance(t *testing.T) {
	a := newAllowance(2, 0.001, 3)
	ada, ben := peer.ID("ada"), peer.ID("ben")
	for i := range 3 {
		if a.take(ada) != (i < 2) {
			t.Errorf("attempt %d of two at once", i+1)
		}
	}
	a.done(ada)
	if !a.take(ada) {
		t.Error("what was given back cannot be taken again")
	}
	a.done(ada)
	a.done(ada)
	if a.take(ada) {
		t.Error("a fourth of three")
	}
	if !a.take(ben) {
		t.Error("one pays for the other")
	}
}

func TestManyBehindOneAddress(t *testing.T) {
	resources, err := newResources()
	if err != nil {
		t.Fatal(err)
	}
	defer resources.Close()
	address := multiaddr.StringCast("/ip4/192.0.2.1/tcp/4001")
	opened := 0
	for range 2 * connectionsPerAddress {
		scope, err := resources.OpenConnection(network.DirInbound, false, address)
		if err != nil {
			break
		}
		// What is not known yet counts against a smaller limit.
		if err := scope.SetPeer(peer.ID(fmt.Sprint("device ", opened))); err != nil {
			t.Fatal(err)
		}
		defer scope.Done()
		opened++
	}
	if opened != connectionsPerAddress {
		t.Errorf("%d connections from one address", opened)
	}
}

func TestReachRanksWhatGetsThrough(t *testing.T) {
	order := []string{
		"/ip4/192.168.1.20/udp/1/quic-v1", "/ip4/192.168.1.20/tcp/1",
		"/ip6/fd00::2/udp/1/quic-v1", "/ip6/fe80::1/udp/1/quic-v1",
		"/ip4/127.0.0.1/udp/1/quic-v1", "/ip6/::1/tcp/1",
	}
	for i := 1; i < len(order); i++ {
		if reach(multiaddr.StringCast(order[i-1])) >= reach(multiaddr.StringCast(order[i])) {
			t.Errorf("%s ranks behind %s", order[i-1], order[i])
		}
	}
}

func TestAKeeperHasRoomForCircuits(t *testing.T) {
	resources, err := newResources()
	if err != nil {
		t.Fatal(err)
	}
	defer resources.Close()
	// One device that talks to a whole workshop through the keeper, and forty that
	// talk to each other.
	circuits := func(device peer.ID, wanted int) (opened int) {
		for range wanted {
			scope, err := resources.OpenStream(device, network.DirInbound)
			if err != nil {
				return opened
			}
			t.Cleanup(scope.Done)
			if scope.SetProtocol(circuit.ProtoIDv2Hop) != nil || scope.SetService(circuitrelay.ServiceName) != nil {
				return opened
			}
			opened++
		}
		return opened
	}
	if n := circuits("one", 4*relayCircuits); n < relayCircuits || n > 2*relayCircuits {
		t.Errorf("one device has %d circuits", n)
	}
	for i := range 40 {
		if n := circuits(peer.ID(fmt.Sprint("device ", i)), 39); n != 39 {
			t.Fatalf("device %d of forty has %d circuits", i, n)
		}
	}
}
