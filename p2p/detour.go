package p2p

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

const (
	helpersWanted = 3 // through whom this device can be found
	helpersTried  = 8 // of those there are, to find a device or to be found

	detourFirst = 30 * time.Second // after one that led nowhere; longer each time
	detourMost  = time.Hour
)

// Detours are the ways to fellow members through others who help to find them
// (docs/decisions/0027). They are short, and there to punch a hole. Where that
// fails it is tried again, ever more rarely: whoever comes online tries everybody.
type detours struct {
	mu    sync.Mutex
	tries map[space.DeviceID]try
}

func (d *detours) due(device space.DeviceID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !time.Now().Before(d.tries[device].next)
}

func (d *detours) tried(device space.DeviceID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tries == nil {
		d.tries = make(map[space.DeviceID]try)
	}
	t := d.tries[device]
	wait := min(detourFirst<<min(t.failures, 16), detourMost)
	d.tries[device] = try{failures: t.failures + 1, next: time.Now().Add(jittered(wait))}
}

// forget has a device tried at once when it is looked for again.
func (d *detours) forget(device space.DeviceID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.tries, device)
}

// again does the same for all: the network has changed.
func (d *detours) again() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.tries)
}

// helpers are the connected members who offer to help to find a device, of a
// space that leaves the local network and that this device, they and some others
// are in. Those come first whom everybody takes first who looks for that device,
// so that few need to be asked, and not everybody asks the same.
func (o *online) helpers(found space.DeviceID, others ...space.DeviceID) (helpers []peer.ID) {
	spaces, ranks := o.node.store.Spaces(), make(map[peer.ID][sha256.Size]byte)
	for _, p := range o.host.Network().Peers() {
		device, ok := deviceOf(p)
		if !ok || device == found || !o.offersHelp(p) || o.node.keeps(device) || !o.reachedAs(p, ViaDirect) ||
			!o.node.fellows(spaces, append([]space.DeviceID{device}, others...)...) {
			continue
		}
		ranks[p] = sha256.Sum256(slices.Concat(found[:], device[:]))
		helpers = append(helpers, p)
	}
	slices.SortFunc(helpers, func(a, b peer.ID) int {
		first, second := ranks[a], ranks[b]
		return bytes.Compare(first[:], second[:])
	})
	return helpers[:min(len(helpers), helpersTried)]
}

// offersHelp reports whether a connected device says that it relays.
func (o *online) offersHelp(p peer.ID) bool {
	speaks, err := o.host.Peerstore().SupportsProtocols(p, circuit.ProtoIDv2Hop)
	return err == nil && len(speaks) > 0
}

// detour is a way to a fellow member through others who help, if it is time to
// try one.
func (o *online) detour(device space.DeviceID) (addresses []multiaddr.Multiaddr) {
	if !o.detours.due(device) {
		return nil
	}
	for _, p := range o.helpers(device, device) {
		if a, err := throughAddress(p); err == nil {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

// tendHelpers reserves with a few of those who help, unless the internet reaches
// this device anyway.
func (s *reservations) tendHelpers() {
	var helpers []peer.ID
	if !s.online.isReached() {
		helpers = s.online.helpers(s.online.node.device)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted := helpersWanted
	for _, p := range helpers {
		switch r := s.open[p]; {
		case wanted == 0:
			s.give(p)
		case r == nil:
			s.take(p)
			wanted--
		case r.err == nil:
			wanted--
		}
	}
	for p := range s.open {
		device, ok := deviceOf(p)
		keeper := ok && s.online.node.keeps(device) && s.online.reachedAs(p, ViaDirect)
		if !keeper && !slices.Contains(helpers, p) {
			s.give(p)
		}
	}
}

// mayCarry reports whether a connection through another device is one to have:
// what is no keeper carries only as much as it takes to punch a hole.
func (w *ways) mayCarry(c network.Conn) bool {
	relay, relayed := relayOf(c.RemoteMultiaddr())
	if !relayed {
		return true
	}
	device, ok := deviceOf(c.RemotePeer())
	keeper, isDevice := deviceOf(relay)
	return ok && isDevice && (w.node.keeps(keeper, w.node.device, device) || c.Stat().Limited && w.mayRelay(c.RemotePeer(), relay))
}
