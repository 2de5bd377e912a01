package p2p

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

const (
	refusalTime = 10 * time.Minute
	maxRefusals = 4096 // remembered; the earliest to end makes room
)

// A gater turns away devices that sent nonsense, for a while, and keeps to the
// rules of how devices may meet.
type gater struct {
	now  func() time.Time
	ways *ways // nil: any way will do

	mu      sync.Mutex
	refused map[peer.ID]time.Time // until when
}

func newGater(w *ways) *gater {
	return &gater{now: time.Now, ways: w, refused: make(map[peer.ID]time.Time)}
}

func (g *gater) refuse(p peer.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.refused) >= maxRefusals {
		var first peer.ID
		for candidate, until := range g.refused {
			if first == "" || until.Before(g.refused[first]) {
				first = candidate
			}
		}
		delete(g.refused, first)
	}
	g.refused[p] = g.now().Add(refusalTime)
}

func (g *gater) allows(p peer.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	until, ok := g.refused[p]
	if ok && g.now().After(until) {
		delete(g.refused, p)
		return true
	}
	return !ok
}

// InterceptPeerDial is asked before a device is dialled.
func (g *gater) InterceptPeerDial(p peer.ID) bool { return g.allows(p) }

// InterceptAddrDial is asked before an address is dialled.
func (g *gater) InterceptAddrDial(p peer.ID, a multiaddr.Multiaddr) bool {
	return g.allows(p) && (g.ways == nil || g.ways.mayDial(p, a))
}

// InterceptAccept is asked while it is not known yet who connects.
func (g *gater) InterceptAccept(network.ConnMultiaddrs) bool { return true }

// InterceptSecured is asked as soon as that is known. Devices are named by
// Ed25519 keys; whoever has another kind of key is not a device of ours.
func (g *gater) InterceptSecured(_ network.Direction, p peer.ID, at network.ConnMultiaddrs) bool {
	_, ok := deviceOf(p)
	return ok && g.allows(p) && (g.ways == nil || g.ways.mayCome(p, at.RemoteMultiaddr()))
}

// InterceptUpgraded is asked when it is known, too, how much a connection carries.
func (g *gater) InterceptUpgraded(c network.Conn) (bool, control.DisconnectReason) {
	return g.ways == nil || g.ways.mayCarry(c), 0
}
