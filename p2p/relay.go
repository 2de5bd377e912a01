package p2p

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	circuitrelay "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

// What a keeper relays at most. There is no limit to the time and the bytes of
// one circuit: a first sync has to fit, and libp2p takes a connection with such
// a limit for a poor one, on which gossip does not speak (docs/decisions/0022).
const (
	relayReservations = 1024 // devices that can be reached through this one
	relayPerAddress   = connectionsPerAddress
	relayCircuits     = 128      // of one device
	relayBuffer       = 16 << 10 // bytes, of each direction of a circuit
	reservationTime   = time.Hour
)

// A relay is a keeper's service to the members of the spaces that it keeps: it
// passes on what they send one another where they cannot reach one another, and
// cannot read it. It runs while this device is keeper somewhere.
type relay struct {
	online *online

	mu      sync.Mutex
	service *circuitrelay.Relay // nil: not running
	kept    []space.ID          // for whose members
	closed  bool
}

// tend starts or ends the service, as this device's roles have it.
func (r *relay) tend() {
	keeps := r.online.node.kept()
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(r.kept, func(id space.ID) bool { return !slices.Contains(keeps, id) }) {
		for _, p := range r.online.host.Network().Peers() {
			r.cut(p)
		}
	}
	r.kept = keeps
	switch {
	case r.closed:
	case len(keeps) > 0 && r.service == nil:
		service, err := circuitrelay.New(r.online.host,
			circuitrelay.WithResources(circuitrelay.Resources{
				ReservationTTL: reservationTime, MaxReservations: relayReservations,
				MaxReservationsPerIP: relayPerAddress, MaxReservationsPerASN: math.MaxInt,
				MaxCircuits: relayCircuits, BufferSize: relayBuffer,
			}),
			circuitrelay.WithACL(relayRules{r.online.node}),
		)
		if err != nil {
			r.online.log.Error("Members cannot be helped to reach one another", "error", err)
			return
		}
		r.service = service
		r.online.log.Info("Members are helped to reach one another")
	case len(keeps) == 0:
		r.stop()
	}
}

// stop ends the service. The caller holds mu.
func (r *relay) stop() {
	if r.service == nil {
		return
	}
	if err := r.service.Close(); err != nil {
		r.online.log.Debug("Ending the relay left something behind", "error", err)
	}
	r.service = nil
}

func (r *relay) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.stop()
}

func (r *relay) running() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.service != nil
}

// cut ends all circuits of a device that is not a member any more where it was.
// Those which it may still have, it opens anew.
func (r *relay) cut(p peer.ID) {
	for _, c := range r.online.host.Network().ConnsToPeer(p) {
		for _, stream := range c.GetStreams() {
			if id := stream.Protocol(); id == circuit.ProtoIDv2Hop || id == circuit.ProtoIDv2Stop {
				_ = stream.Reset()
			}
		}
	}
}

// relayRules say for whom a keeper relays.
type relayRules struct{ node *Node }

// AllowReserve lets those be reached through this device who are members of a
// space that it keeps, and leave the local network for it.
func (r relayRules) AllowReserve(p peer.ID, _ multiaddr.Multiaddr) bool {
	device, ok := deviceOf(p)
	return ok && r.node.keeps(r.node.device, device)
}

// AllowConnect lets two talk who are members of the same such space.
func (r relayRules) AllowConnect(p peer.ID, _ multiaddr.Multiaddr, to peer.ID) bool {
	device, ok := deviceOf(p)
	other, isDevice := deviceOf(to)
	return ok && isDevice && r.node.keeps(r.node.device, device, other)
}

// Relaying is what this device does for others as a keeper.
type Relaying struct {
	On      bool
	Spaces  []space.ID // that it is keeper in, in which it relays
	Bytes   int64      // passed on since the network was switched on
	Devices int        // that have a circuit now
}

// Relaying tells what this device does for others as a keeper.
func (n *Node) Relaying() (r Relaying) {
	o := n.current()
	if o == nil {
		return r
	}
	r.On, r.Bytes, r.Spaces = o.relay.running(), o.traffic.relayed.Load(), n.kept()
	for _, p := range o.host.Network().Peers() {
		if o.hasCircuit(p) {
			r.Devices++
		}
	}
	return r
}

// kept are the spaces for whose members this device relays.
func (n *Node) kept() (ids []space.ID) {
	for _, id := range n.store.Spaces() {
		if n.keepsIn(id, n.device) {
			ids = append(ids, id)
		}
	}
	return ids
}

// hasCircuit reports whether a device talks to another through this one.
func (o *online) hasCircuit(p peer.ID) bool {
	for _, c := range o.host.Network().ConnsToPeer(p) {
		for _, stream := range c.GetStreams() {
			id, direction := stream.Protocol(), stream.Stat().Direction
			if id == circuit.ProtoIDv2Hop && direction == network.DirInbound || id == circuit.ProtoIDv2Stop && direction == network.DirOutbound {
				return true
			}
		}
	}
	return false
}

// throughAddress is how a device is named to libp2p that is to be reached through
// a connected keeper.
func throughAddress(keeper peer.ID) (multiaddr.Multiaddr, error) {
	a, err := multiaddr.NewMultiaddr("/p2p/" + keeper.String() + "/p2p-circuit")
	if err != nil {
		return nil, fmt.Errorf("name a way through %s: %w", keeper, err)
	}
	return a, nil
}
