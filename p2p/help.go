package p2p

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	circuitpb "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	circuitrelay "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

// What a member's device lends to its fellows at most, while the internet reaches
// it: enough for two of them to find each other and punch a hole, and of no use
// for anything else (docs/decisions/0027).
const (
	helpReservations = 32 // devices that can be found through this one
	helpPerAddress   = 8
	helpPerPerson    = 4  // devices of one seat
	helpCircuits     = 8  // of one device
	helpAtOnce       = 16 // circuits in all
	helpTime         = time.Minute
	helpBytes        = 32 << 10 // in each direction of a circuit
	helpBuffer       = 2 << 10

	helpRequests      = 8 // of one device, that are being answered
	helpRequestsBurst = 128
	helpCircuitsBurst = helpReservations // of one device, in a row
	helpCircuitEvery  = 30 * time.Second // from then on
)

// reserving is the tag that libp2p's relay gives to devices that can be reached
// through it.
const reserving = "relay-reservation"

var errHelpsEnough = errors.New("as many circuits are open as this device helps with")

// SetHelping says whether this device helps fellow members to find each other,
// when the internet reaches it and the network is not used sparingly. It does
// unless this is called.
func (n *Node) SetHelping(on bool) {
	n.unhelpful.Store(!on)
	if o := n.current(); o != nil {
		o.relay.tend()
	}
	n.peersChanged()
}

// mayHelp reports whether this device has leave and means to help.
func (o *online) mayHelp() bool {
	return !o.node.unhelpful.Load() && !o.node.frugal() && o.isReached()
}

// isReached reports whether the internet reaches this device: fellow members have
// dialled it, or the router has opened a port and nobody has found it shut.
func (o *online) isReached() bool {
	if answer, _ := o.outside.state(); answer == Yes {
		return true
	}
	for _, a := range o.mapper.mapped(o.host) {
		if isInternet(a) && !o.outside.failed(a) {
			return true
		}
	}
	return false
}

// helped are the spaces for whose members this device may help: that it is in, and
// that leave the local network.
func (n *Node) helped() (ids []space.ID) {
	for _, id := range n.store.Spaces() {
		if n.fellows([]space.ID{id}) {
			ids = append(ids, id)
		}
	}
	return ids
}

// newHelp starts what helps fellow members.
func (r *relay) newHelp() (*circuitrelay.Relay, error) {
	count := &helpCount{changed: r.online.node.peersChanged}
	return circuitrelay.New(&helpHost{Host: r.online.host, requests: r.requests, count: count},
		circuitrelay.WithResources(circuitrelay.Resources{
			Limit:          &circuitrelay.RelayLimit{Duration: helpTime, Data: helpBytes},
			ReservationTTL: reservationTime, MaxReservations: helpReservations,
			MaxReservationsPerIP: helpPerAddress, MaxReservationsPerASN: math.MaxInt,
			MaxCircuits: helpCircuits, BufferSize: helpBuffer,
		}),
		circuitrelay.WithACL(helpRules{r.online, r.opened}),
		circuitrelay.WithMetricsTracer(count),
	)
}

// helpRules say whom a member's device helps.
type helpRules struct {
	online *online
	opened *allowance // circuits, by who opened them
}

// AllowReserve lets fellow members be found through this device, with a few of
// the devices that each person has.
func (h helpRules) AllowReserve(p peer.ID, _ multiaddr.Multiaddr) bool {
	device, ok := deviceOf(p)
	node := h.online.node
	return ok && h.online.mayHelp() && node.fellows(node.store.Spaces(), device) && h.others(device) < helpPerPerson
}

// others counts the other devices of a device's person that can be found through
// this one.
func (h helpRules) others(device space.DeviceID) (n int) {
	for _, p := range h.online.host.Network().Peers() {
		other, ok := deviceOf(p)
		if ok && other != device && h.online.reservedHere(p) && h.online.node.sameSeat(device, other) {
			n++
		}
	}
	return n
}

// AllowConnect lets two talk who are members of one space, which this device is
// in, too. Whoever opens circuit after circuit has to wait.
func (h helpRules) AllowConnect(p peer.ID, _ multiaddr.Multiaddr, to peer.ID) bool {
	device, ok := deviceOf(p)
	other, isDevice := deviceOf(to)
	node := h.online.node
	if !ok || !isDevice || !h.online.mayHelp() || !node.fellows(node.store.Spaces(), device, other) {
		return false
	}
	if !h.online.reservedHere(to) {
		return true // it is told that there is nobody
	}
	if !h.opened.take(p) {
		return false
	}
	h.opened.done(p)
	return true
}

// reservedHere reports whether a connected device can be reached through this one.
func (o *online) reservedHere(p peer.ID) bool {
	info := o.host.ConnManager().GetTagInfo(p)
	return info != nil && info.Tags[reserving] > 0
}

// sameSeat reports whether two devices are one person's in one of our spaces.
func (n *Node) sameSeat(a, b space.DeviceID) bool {
	for _, id := range n.store.Spaces() {
		log, ok := n.store.Log(id)
		if !ok {
			continue
		}
		first, ok := log.SeatOf(a)
		second, isToo := log.SeatOf(b)
		if ok && isToo && first == second {
			return true
		}
	}
	return false
}

// A helpHost is the host as the relay of a member's device sees it: each device
// may ask for so much, and there are so many circuits at most.
type helpHost struct {
	host.Host
	requests *allowance
	count    *helpCount
}

// SetStreamHandler answers within what each device may ask.
func (h *helpHost) SetStreamHandler(id protocol.ID, handler network.StreamHandler) {
	h.Host.SetStreamHandler(id, func(stream network.Stream) {
		p := stream.Conn().RemotePeer()
		if !h.requests.take(p) {
			_ = stream.Reset()
			return
		}
		defer h.requests.done(p)
		handler(stream)
	})
}

// NewStream leads on to the device that is asked for: the relay has counted the
// circuit by then.
func (h *helpHost) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	if h.count.open.Load() > helpAtOnce {
		return nil, errHelpsEnough
	}
	return h.Host.NewStream(ctx, p, ids...)
}

// A helpCount is what libp2p's relay tells about itself: how many circuits there
// are.
type helpCount struct {
	open    atomic.Int32
	changed func() // who can be found
}

func (c *helpCount) ConnectionOpened()              { c.open.Add(1) }
func (c *helpCount) ConnectionClosed(time.Duration) { c.open.Add(-1) }
func (c *helpCount) ReservationAllowed(bool)        { c.changed() }

// The rest of libp2p's interface is for what nobody asks here.

func (*helpCount) RelayStatus(bool)                           {}
func (*helpCount) ConnectionRequestHandled(circuitpb.Status)  {}
func (*helpCount) ReservationClosed(int)                      {}
func (*helpCount) ReservationRequestHandled(circuitpb.Status) {}
func (*helpCount) BytesTransferred(int)                       {}
