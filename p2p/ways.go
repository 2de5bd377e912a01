package p2p

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

// attachedFor is how long it is believed which networks this machine is
// attached to.
const attachedFor = 2 * time.Second

// Ways are the rules of how this device and another may meet. A space that
// stays on the local network (space.ReachLocal) sends nobody out of it, and
// nothing is relayed but between members of a space, through a member.
type ways struct {
	node *Node
	here whereabouts

	mu       sync.Mutex
	networks []netip.Prefix
	looked   time.Time             // when networks were
	asked    map[peer.ID]int       // devices that the user is having dialled
	works    []multiaddr.Multiaddr // of this device, found to lead here from the internet
	nearOnly map[peer.ID]bool      // devices that are to be met on the local network just now
}

func newWays(n *Node) *ways {
	return &ways{node: n, asked: make(map[peer.ID]int), nearOnly: make(map[peer.ID]bool)}
}

// near reports whether an address is on the local network.
func (w *ways) near(a multiaddr.Multiaddr) bool {
	if ip, ok := ipOf(a); !ok || ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
		return ok
	}
	return near(a, w.attached())
}

// attached are the networks that this machine has an address in.
func (w *ways) attached() []netip.Prefix {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.looked) > attachedFor {
		w.networks, w.looked = attached(), time.Now()
	}
	return w.networks
}

// onALink reports whether an address is one that a device on a network of ours
// has. What is private is so only in one of them: elsewhere it is whoever has
// that address there, and loopback is this machine's own.
func (w *ways) onALink(a multiaddr.Multiaddr) bool {
	ip, ok := ipOf(a)
	if !ok || ip.IsLoopback() || ip.Is6() && ip.IsLinkLocalUnicast() || !w.near(a) {
		return false // libp2p does not dial the link-local ones of IPv6
	}
	return slices.ContainsFunc(w.attached(), func(network netip.Prefix) bool {
		return !network.IsSingleIP() && network.Contains(ip)
	})
}

// mayDial reports whether a device may be dialled at an address.
func (w *ways) mayDial(p peer.ID, a multiaddr.Multiaddr) bool {
	if relay, relayed := relayOf(a); relayed {
		return w.mayRelay(p, relay)
	}
	if w.near(a) {
		return true
	}
	w.mu.Lock()
	asked, nearOnly := w.asked[p] > 0, w.nearOnly[p]
	w.mu.Unlock()
	device, _ := deviceOf(p)
	return !nearOnly && (asked || !w.node.onlyLocal(device))
}

// mayCome reports whether a device may come in from an address.
func (w *ways) mayCome(p peer.ID, from multiaddr.Multiaddr) bool {
	relay, relayed := relayOf(from)
	return !relayed || w.mayRelay(p, relay)
}

// mayRelay reports whether a device is one to talk to through another: a fellow
// member, through a member of a space that all three belong to. How much may be
// said, depends on who that is: see mayCarry.
func (w *ways) mayRelay(p, relay peer.ID) bool {
	device, ok := deviceOf(p)
	other, isDevice := deviceOf(relay)
	return ok && isDevice && w.node.fellows(w.node.store.Spaces(), device, other)
}

// ask lets a device be dialled wherever it is, since the user said so, until
// done is called.
func (w *ways) ask(p peer.ID) (done func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[p]++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.asked[p]--; w.asked[p] == 0 {
			delete(w.asked, p)
		}
	}
}

// stayNear lets a device be dialled on the local network only, until done is
// called.
func (w *ways) stayNear(p peer.ID) (done func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nearOnly[p] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.nearOnly, p)
	}
}

// confirm says which addresses lead here from the internet.
func (w *ways) confirm(works []multiaddr.Multiaddr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.works = works
}

// announce adds what was confirmed to the addresses that others are told.
func (w *ways) announce(addresses []multiaddr.Multiaddr) []multiaddr.Multiaddr {
	addresses = w.here.correct(addresses)
	w.mu.Lock()
	defer w.mu.Unlock()
	return multiaddr.Unique(slices.Concat(addresses, w.works))
}

// admits reports whether a space may be spoken of over a connection.
func (w *ways) admits(id space.ID, c network.Conn) bool {
	return !w.node.staysLocal(id) || w.near(c.RemoteMultiaddr())
}

// staysLocal reports whether a space never leaves the local network.
func (n *Node) staysLocal(id space.ID) bool {
	log, ok := n.store.Log(id)
	return ok && log.Reach() == space.ReachLocal
}

// onlyLocal reports whether all that we share with a device are spaces that
// stay on the local network.
func (n *Node) onlyLocal(device space.DeviceID) bool {
	local := false
	for _, id := range n.store.Spaces() {
		if !n.belongs(id) || !n.member(id, device) {
			continue
		}
		if !n.staysLocal(id) {
			return false
		}
		local = true
	}
	return local
}

// keeps reports whether a device is keeper in a space that leaves the local
// network, and that some others belong to as well.
func (n *Node) keeps(keeper space.DeviceID, others ...space.DeviceID) bool {
	for _, id := range n.store.Spaces() {
		if n.keepsIn(id, keeper, others...) {
			return true
		}
	}
	return false
}

func (n *Node) keepsIn(id space.ID, keeper space.DeviceID, others ...space.DeviceID) bool {
	log, ok := n.store.Log(id)
	if !ok || log.Reach() == space.ReachLocal || !n.belongs(id) {
		return false
	}
	if m, ok := log.Member(keeper); !ok || m.Role != space.Keeper {
		return false
	}
	for _, device := range others {
		if _, ok := log.Member(device); !ok {
			return false
		}
	}
	return true
}

// relayOf is the relay that an address leads through.
func relayOf(a multiaddr.Multiaddr) (relay peer.ID, relayed bool) {
	before, after := multiaddr.SplitFunc(a, func(c multiaddr.Component) bool {
		return c.Protocol().Code == multiaddr.P_CIRCUIT
	})
	if len(after) == 0 {
		return "", false
	}
	if len(before) > 0 {
		if _, id := peer.SplitAddr(before); id != "" {
			return id, true
		}
	}
	return "", true
}

// within reports whether one of the connections to a peer is one over which a
// space may be spoken of.
func (o *online) within(id space.ID, p peer.ID) bool {
	if !o.node.staysLocal(id) {
		return true
	}
	for _, c := range o.host.Network().ConnsToPeer(p) {
		if o.ways.near(c.RemoteMultiaddr()) {
			return true
		}
	}
	return false
}
