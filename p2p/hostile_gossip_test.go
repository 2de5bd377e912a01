package p2p

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

func TestWhoNeverReadsIsNotWaitedFor(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.mallory.host.SetStreamHandler(gossipProtocol, func(network.Stream) {})
		enters := o.mallory.opens(o.ada.device, gossipProtocol)
		if err := enters.say(&enterRoom{Space: o.park}); err != nil {
			t.Fatal(err)
		}
		if err := enters.flush(); err != nil {
			t.Fatal(err)
		}
		// She says that she follows the topic, in gossipsub's protobuf.
		topic := topicOf(o.park)
		follows := append([]byte{0x08, 1, 0x12, byte(len(topic))}, topic...)
		rpc := append([]byte{byte(len(follows) + 2), 0x0a, byte(len(follows))}, follows...)
		if _, err := enters.stream.Write(rpc); err != nil {
			t.Fatal(err)
		}
		var stream network.Stream
		waitFor(t, "Ada's stream", func() bool {
			stream = o.gossipTo(o.mallory)
			return stream != nil && slices.Contains(o.ada.node.current().room(o.park).topic.ListPeers(), o.mallory.host.ID())
		})
		const much = 60
		o.keeps(3*much*maxGossip/2+64<<20, func() { // that is on two disks
			for i := range much {
				o.ada.device.writes(o.plan, string(randomText(maxGossip/2+i)))
				if i%20 == 0 {
					o.works()
				}
			}
			for since := time.Now(); o.gossipTo(o.mallory) == stream; o.works() {
				if time.Since(since) > 2*gossipPatience {
					t.Fatal("Ada waits without end")
				}
				time.Sleep(time.Second)
			}
		})
	})
}

func TestAFloodOfPresenceIsNotListenedTo(t *testing.T) {
	inCompany(t, 1, func(t *testing.T, o *office, more []*player) {
		s, ada, ben, mal := o.simulation, o.ada, o.ben, more[0]
		mal.meets(ben)
		ben.shares(s.park, mal.device)
		counter := uint64(time.Now().UnixMicro())
		shows := func() {
			counter++
			if err := mal.node.current().room(s.park).state(&presenceMessage{Counter: counter, State: fmt.Append(nil, counter)}); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			for range 100 {
				shows()
			}
			time.Sleep(100 * time.Millisecond)
			o.works()
		}
		for _, p := range []*player{ada, ben} {
			if score := p.node.current().room(s.park).peers.score(peerOf(mal.id())); score > scoreIgnored {
				t.Errorf("%s scores her %v", p.name, score)
			}
		}
		if score := ada.node.current().room(s.park).peers.score(peerOf(ben.id())); score < 0 {
			t.Errorf("Ben, who passes on what he heard, has %v", score)
		}
		time.Sleep(time.Minute)
		shows()
		ada.waitFor("Mal, who keeps quiet now", func() bool { return len(ada.node.Here(s.park)) == 1 })
		mal.device.writes(o.plan, "what is worth reading")
		o.works()
		ada.same(s.park, mal.device)
	})
}
