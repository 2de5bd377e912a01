package p2p

import (
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
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

// gossipsub forgets what a peer follows at some time after our stream to it has
// ended. Had it heard the peer's next stream before, the peer would follow
// nothing for as long as that stream goes on.
func TestNobodyIsHeardBeforeTheirLastStreamIsForgotten(t *testing.T) {
	inCompany(t, 0, func(t *testing.T, office *office, _ []*player) {
		park, ben := office.park, office.ben
		o, p := office.ada.node.current(), peerOf(ben.id())
		h, err := newRoomHost(o.host, park, o.room(park).allows, func(peer.ID) {})
		if err != nil {
			t.Fatal(err)
		}
		var heard atomic.Int32
		h.SetStreamHandler(gossipProtocol, func(network.Stream) { heard.Add(1) })
		h.enter(p)
		comes := func() {
			stream, err := o.host.NewStream(t.Context(), p, helloProtocol) // whatever comes from Ben
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				_ = h.accept(t.Context(), stream)
				_ = stream.Reset()
			}()
			synctest.Wait()
		}
		opens := func() network.Stream {
			stream, err := h.NewStream(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return stream
		}
		comes()
		if heard.Load() != 1 {
			t.Fatal("who comes first is not heard")
		}
		for i, ends := range []func(network.Stream){
			func(s network.Stream) { _ = s.Reset() },
			func(network.Stream) { h.leave(p); h.enter(p) },
		} {
			before := heard.Load()
			ours := opens()
			ends(ours)
			comes()
			if heard.Load() != before {
				t.Errorf("%d: heard before it is forgotten that ours has ended", i)
			}
			opens()
			if heard.Load() != before+1 {
				t.Errorf("%d: not heard afterwards", i)
			}
		}
		h.leave(p)
	})
}
