package p2p

import (
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
)

func TestRoomOutlivesItsStreams(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, plan := meeting(t, ada, ben)
	h := ada.node.current().room(park).host
	outbound := func() *roomStream {
		h.mu.Lock()
		defer h.mu.Unlock()
		for s := range h.streams[peerOf(ben.id())] {
			if s.direction == network.DirOutbound {
				return s
			}
		}
		return nil
	}
	// More often than gossipsub is patient.
	for range 6 {
		ada.waitFor("a stream to Ben", func() bool { return outbound() != nil })
		cut := outbound()
		cut.abandon()
		ada.waitFor("the end of that stream", func() bool { return outbound() != cut })
	}
	ada.waitFor("a stream to Ben", func() bool { return outbound() != nil })
	ada.shares(park, ben)
	ada.writes(plan, "after all that")
	ada.same(park, ben)
}

func TestSharingDoesNotWaitForIdentify(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, _ := meeting(t, ada, ben)
	// As if Ben had said hello before we were told who connected.
	o, p := ada.node.current(), peerOf(ben.id())
	o.mu.Lock()
	delete(o.peers, p)
	o.mu.Unlock()
	o.room(park).showOut(p)
	if err := ben.node.current().greet(t.Context(), peerOf(ada.id())); err != nil {
		t.Fatal(err)
	}
	ada.waitFor("sharing", func() bool { return o.sharesWith(park, p) })
	ada.shares(park, ben)
}
