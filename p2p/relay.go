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

// A relay is a device's service to its fellow members: it passes on what they send
// one another where they cannot reach one another, and cannot read it. A keeper
// carries all they have to say, in the spaces that it keeps. Any other device that
// the internet reaches carries as much as two need to find each other.
type relay struct {
	online   *online
	requests *allowance // as a member: of whatever kind
	opened   *allowance // and circuits

	mu      sync.Mutex
	service *circuitrelay.Relay // nil: not running
	helps   bool                // as a member, not as a keeper
	served  []space.ID          // for whose members
	closed  bool
}

func newRelay(o *online) *relay {
	return &relay{
		online:   o,
		requests: newAllowance(helpRequests, 1, helpRequestsBurst),
		opened:   newAllowance(helpCircuitsBurst, 1/helpCircuitEvery.Seconds(), helpCircuitsBurst),
	}
}

// tend starts or ends the service, as this device's roles have it, and whether it
// is reached.
func (r *relay) tend() {
	r.mu.Lock()
	defer r.mu.Unlock() // what follows is what is so now, also where two look at once
	serves, helps := r.online.node.kept(), false
	if len(serves) == 0 && r.online.mayHelp() {
		serves, helps = r.online.node.helped(), true
	}
	other := r.service != nil && r.helps != helps
	if other {
		r.stop()
	}
	if other || slices.ContainsFunc(r.served, func(id space.ID) bool { return !slices.Contains(serves, id) }) {
		for _, p := range r.online.host.Network().Peers() {
			r.cut(p)
		}
	}
	r.served, r.helps = serves, helps
	switch {
	case r.closed:
	case len(serves) > 0 && r.service == nil:
		begin := r.newKeeping
		if helps {
			begin = r.newHelp
		}
		service, err := begin()
		if err != nil {
			r.online.log.Error("Members cannot be helped to reach one another", "error", err)
			return
		}
		r.service = service
		r.online.log.Info("Members are helped to reach one another", "keeper", !helps)
	case len(serves) == 0:
		r.stop()
	}
}

// newKeeping starts what relays for the members of the spaces that this device
// keeps.
func (r *relay) newKeeping() (*circuitrelay.Relay, error) {
	return circuitrelay.New(r.online.host,
		circuitrelay.WithResources(circuitrelay.Resources{
			ReservationTTL: reservationTime, MaxReservations: relayReservations,
			MaxReservationsPerIP: relayPerAddress, MaxReservationsPerASN: math.MaxInt,
			MaxCircuits: relayCircuits, BufferSize: relayBuffer,
		}),
		circuitrelay.WithACL(relayRules{r.online.node}),
	)
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

// running reports whether there is a service, and whether it is a member's.
func (r *relay) running() (on, helps bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.service != nil, r.service != nil && r.helps
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

// Relaying is what this device does for others: as a keeper, or to help fellow
// members to find each other.
type Relaying struct {
	On      bool       // as a keeper
	Spaces  []space.ID // that it is keeper in, in which it relays
	Bytes   int64      // passed on since the network was switched on
	Devices int        // that have a circuit now

	Willing bool // to help, if the internet reaches it and nothing is to be spared: SetHelping
	Helping bool // as a member, not as a keeper
	Helped  int  // devices that can be found through this one now
}

// Relaying tells what this device does for others.
func (n *Node) Relaying() (r Relaying) {
	r.Willing = !n.unhelpful.Load()
	o := n.current()
	if o == nil {
		return r
	}
	on, helps := o.relay.running()
	r.On, r.Helping, r.Bytes, r.Spaces = on && !helps, helps, o.traffic.relayed.Load(), n.kept()
	for _, p := range o.host.Network().Peers() {
		if o.hasCircuit(p) {
			r.Devices++
		}
		if helps && o.reservedHere(p) {
			r.Helped++
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
// another that is connected.
func throughAddress(other peer.ID) (multiaddr.Multiaddr, error) {
	a, err := multiaddr.NewMultiaddr("/p2p/" + other.String() + "/p2p-circuit")
	if err != nil {
		return nil, fmt.Errorf("name a way through %s: %w", other, err)
	}
	return a, nil
}
