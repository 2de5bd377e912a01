package p2p

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

// Via says how a device is reached.
type Via string

// The ways there are, the nearest first.
const (
	ViaLocal   Via = "local"   // on the local network
	ViaDirect  Via = "direct"  // over the internet, straight to it
	ViaRelayed Via = "relayed" // over the internet, by way of a keeper
)

// Connection is how a connected device is reached, and what went to it and came
// from it since the network was switched on.
type Connection struct {
	Device    space.DeviceID
	Via       Via
	Through   space.DeviceID // the keeper, where Via is ViaRelayed
	Address   string         // of the other end, or of the keeper
	Transport string         // "quic" or "tcp"
	RTT       time.Duration  // 0: not known yet
	Since     time.Time
	In, Out   int64   // bytes
	InRate    float64 // bytes per second
	OutRate   float64
	Spaces    []space.ID // that we share
}

// Connections lists the connected devices, in the order of their IDs, each with
// the best of the ways in which it is connected.
func (n *Node) Connections() []Connection {
	o := n.current()
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []Connection
	for p, known := range o.peers {
		device, _ := deviceOf(p)
		one := Connection{Device: device, Since: known.since, RTT: o.host.Peerstore().LatencyEWMA(p)}
		c := o.best(p)
		if c == nil {
			continue // it has just gone
		}
		one.Via, one.Address, one.Transport = o.via(c.RemoteMultiaddr()), c.RemoteMultiaddr().String(), transportOf(c)
		if relay, relayed := relayOf(c.RemoteMultiaddr()); relayed {
			one.Through, _ = deviceOf(relay)
			before, _ := multiaddr.SplitFunc(c.RemoteMultiaddr(), func(c multiaddr.Component) bool {
				return c.Protocol().Code == multiaddr.P_P2P
			})
			one.Address, one.Transport = before.String(), transportIn(before)
		}
		stats := o.traffic.GetBandwidthForPeer(p)
		one.In, one.Out, one.InRate, one.OutRate = stats.TotalIn, stats.TotalOut, stats.RateIn, stats.RateOut
		one.Spaces = slices.SortedFunc(maps.Keys(known.shared), func(a, b space.ID) int { return slices.Compare(a[:], b[:]) })
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Connection) int { return slices.Compare(a.Device[:], b.Device[:]) })
	return list
}

// via is the kind of way that an address of another device is.
func (o *online) via(a multiaddr.Multiaddr) Via {
	if _, relayed := relayOf(a); relayed {
		return ViaRelayed
	}
	if o.ways.near(a) {
		return ViaLocal
	}
	return ViaDirect
}

// distance ranks the ways, the nearest first.
func distance(v Via) int { return slices.Index([]Via{ViaLocal, ViaDirect, ViaRelayed}, v) }

// best is the nearest of the connections to a peer; nil: there is none.
func (o *online) best(p peer.ID) (best network.Conn) {
	for _, c := range o.host.Network().ConnsToPeer(p) {
		if !c.IsClosed() && (best == nil || o.distance(c) < o.distance(best)) {
			best = c
		}
	}
	return best
}

func (o *online) distance(c network.Conn) int { return distance(o.via(c.RemoteMultiaddr())) }

// reachedAs reports whether a peer is connected in some way at least as near as
// this one.
func (o *online) reachedAs(p peer.ID, v Via) bool {
	best := o.best(p)
	return best != nil && o.distance(best) <= distance(v)
}

func transportIn(a multiaddr.Multiaddr) string {
	if _, err := a.ValueForProtocol(multiaddr.P_TCP); err == nil {
		return "tcp"
	}
	return "quic"
}

// settle leaves the nearest of the ways in which a peer is connected: whoever
// can be reached directly is not talked to through a keeper any more, and a
// space that stays on the local network has a connection that does.
func (o *online) settle(p peer.ID) {
	best := o.best(p)
	if best == nil {
		return
	}
	device, _ := deviceOf(p)
	for _, c := range o.host.Network().ConnsToPeer(p) {
		_, relayed := relayOf(c.RemoteMultiaddr())
		far := o.via(c.RemoteMultiaddr()) != ViaLocal && o.node.sharesLocal(device)
		if o.distance(c) > o.distance(best) && (relayed || far) || !o.ways.mayCarry(c) {
			_ = c.Close() // it may have been closed by the other side
		}
	}
}

// approach connects to a device that was found on the local network, unless it
// is connected as well as can be. It may be connected over the internet already,
// where nothing is said of a space that stays here.
func (o *online) approach(ctx context.Context, info peer.AddrInfo) error {
	device, _ := deviceOf(info.ID)
	switch best := o.best(info.ID); {
	case best == nil:
	case o.via(best.RemoteMultiaddr()) == ViaRelayed:
		ctx = network.WithForceDirectDial(ctx, "nearer")
	case o.via(best.RemoteMultiaddr()) == ViaLocal || !o.node.sharesLocal(device):
		return nil
	default:
		// libp2p does not dial who is connected directly.
		defer o.ways.stayNear(info.ID)()
		if err := o.host.Network().ClosePeer(info.ID); err != nil {
			return err
		}
	}
	return o.host.Connect(ctx, info)
}

// approachable reports whether a device that was found on the local network is
// not connected as well as can be.
func (o *online) approachable(p peer.ID) bool {
	device, _ := deviceOf(p)
	return !o.reachedAs(p, ViaDirect) || !o.reachedAs(p, ViaLocal) && o.node.sharesLocal(device)
}

// sharesLocal reports whether a device is in one of our spaces that stay on the
// local network.
func (n *Node) sharesLocal(device space.DeviceID) bool {
	for _, id := range n.store.Spaces() {
		if n.staysLocal(id) && n.belongs(id) && n.member(id, device) {
			return true
		}
	}
	return false
}

// watchConnections sees to it that a peer is connected in one way, the nearest,
// and that nothing is shared with it which its connections do not allow.
func (o *online) watchConnections() (stop func()) {
	watch := &network.NotifyBundle{
		ConnectedF: func(_ network.Network, c network.Conn) {
			o.do(func() { o.settle(c.RemotePeer()) })
		},
		DisconnectedF: func(_ network.Network, c network.Conn) {
			o.do(func() { o.withdraw(c.RemotePeer()) })
		},
	}
	o.host.Network().Notify(watch)
	return func() { o.host.Network().StopNotify(watch) }
}

// withdraw ends the sharing of spaces with a peer whose connections they may
// not be spoken of over any more.
func (o *online) withdraw(p peer.ID) {
	var rooms []*room
	o.mu.Lock()
	if known := o.peers[p]; known != nil {
		for id := range maps.Clone(known.shared) {
			if !o.within(id, p) && o.unshare(p, known, id) && o.rooms[id] != nil {
				rooms = append(rooms, o.rooms[id])
			}
		}
	}
	o.mu.Unlock()
	for _, r := range rooms {
		r.showOut(p)
	}
	o.node.peersChanged()
}
