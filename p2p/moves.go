package p2p

import (
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	// lookEvery is how often the machine's networks are looked at.
	lookEvery = 2 * time.Second
	// asleep is how much time has to have passed unnoticed between two looks for
	// the machine to have slept. Others give up a connection after 30 seconds of
	// silence; routers forget one earlier.
	asleep = 15 * time.Second
	// stillThere is how long a peer has to answer after that.
	stillThere = 5 * time.Second
)

// watchMoves notices when the machine has come to another network, or has slept,
// and does what would otherwise take until connections time out.
func (o *online) watchMoves() {
	networks, looked := networksNow(), wallClock()
	for pause(o.ctx, lookEvery) {
		now := wallClock()
		slept := now.Sub(looked) > asleep
		looked = now
		next := networksNow()
		if slept || !slices.Equal(next, networks) {
			o.log.Info("The network is looked at anew", "slept", slept, "networks", next)
			networks = next
			o.moved()
		}
	}
}

// wallClock goes on while the machine sleeps, which the clock that Go measures
// with does not do everywhere.
func wallClock() time.Time { return time.Now().Round(0) }

// networksNow says of each network interface whether it is connected, and which
// addresses it has.
func networksNow() (networks []string) {
	faces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	for _, face := range faces {
		if face.Flags&net.FlagUp == 0 {
			continue
		}
		addresses, err := face.Addrs()
		if err != nil {
			continue // it is gone by now
		}
		var texts []string
		for _, a := range addresses {
			texts = append(texts, a.String())
		}
		slices.Sort(texts)
		networks = append(networks, fmt.Sprint(face.Index, " ", face.Name, " ", face.Flags&net.FlagRunning != 0, " ", texts))
	}
	return networks
}

// moved says on the local networks where we are and asks who is there, tries all
// members where they were last, and asks all peers whether they are still there.
func (o *online) moved() {
	o.node.meetings.forget() // who is still here answers
	o.node.book.again()
	if o.finder != nil {
		o.finder.nearby.Moved()
	}
	o.mu.Lock()
	var peers []peer.ID
	for p := range o.peers {
		peers = append(peers, p)
	}
	o.mu.Unlock()
	for _, p := range peers {
		o.do(func() { o.check(p) })
	}
}

// check says hello to a peer, and closes its connections if they lead nowhere
// any more, so that it is dialled anew.
func (o *online) check(p peer.ID) {
	answered := make(chan error, 1)
	if !o.do(func() { answered <- o.greet(o.ctx, p) }) {
		return
	}
	timer := time.NewTimer(stillThere)
	defer timer.Stop()
	select {
	case <-o.ctx.Done():
	case err := <-answered:
		if err != nil {
			o.judge(p, "hello", err)
		}
	case <-timer.C:
		o.log.Info("A device does not answer any more and is looked for anew", "peer", p)
		if err := o.host.Network().ClosePeer(p); err != nil {
			o.log.Debug("Closing a connection failed", "peer", p, "error", err)
		}
		o.node.book.again()
		o.askAround()
	}
}

// askAround asks on the local network who is there.
func (o *online) askAround() {
	if o.finder != nil {
		o.finder.nearby.Ask()
	}
}
