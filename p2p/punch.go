package p2p

import (
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
)

// punchAgain is when a hole is tried to be punched once more: after the first
// and after the second time.
var punchAgain = [...]time.Duration{5 * time.Second, time.Minute}

// A puncher knows how often a hole was tried to be punched again, to each peer,
// since this device went online.
type puncher struct {
	mu    sync.Mutex
	tried map[peer.ID]int
}

// wait is for how long the next try has to wait; there may be none.
func (p *puncher) wait(to peer.ID) (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tried[to] >= len(punchAgain) {
		return 0, false
	}
	return punchAgain[p.tried[to]], true
}

func (p *puncher) tries(to peer.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tried == nil {
		p.tried = make(map[peer.ID]int)
	}
	p.tried[to]++
}

// punchLater sees to it that a hole is tried to be punched again to a peer that
// we dialled through another. libp2p tries when the connection is made, and in
// vain unless both ends know by then where the internet sees them; who has just
// come online is told so a few seconds later. So the connection is made anew.
func (o *online) punchLater(c network.Conn) {
	p := c.RemotePeer()
	wait, again := o.puncher.wait(p)
	if _, relayed := relayOf(c.RemoteMultiaddr()); !relayed || !again || c.Stat().Direction != network.DirOutbound {
		return
	}
	o.do(func() {
		if !pause(o.ctx, jittered(wait)) || c.IsClosed() || o.reachedAs(p, ViaDirect) || !o.punches() || !o.peerPunches(p) {
			return
		}
		o.log.Debug("A peer is dialled through another again, to punch a hole", "peer", p)
		o.puncher.tries(p)
		_ = c.Close() // it may have been closed by the other side
		if device, ok := deviceOf(p); ok {
			o.detours.forget(device)
			o.redial(o.ctx, device)
		}
	})
}

// punches reports whether libp2p knows an address of ours to punch a hole with.
func (o *online) punches() bool {
	return slices.Contains(o.host.Mux().Protocols(), holepunch.Protocol)
}

// peerPunches reports the same of a peer.
func (o *online) peerPunches(p peer.ID) bool {
	supported, err := o.host.Peerstore().SupportsProtocols(p, holepunch.Protocol)
	return err == nil && len(supported) > 0
}
