package p2p

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"parley/space"
)

var ownProtocols = []protocol.ID{helloProtocol, admitProtocol, seatProtocol, wordsProtocol, gossipProtocol, catchUpProtocol, blobProtocol}

func TestSlowFramesAreNotWaitedForWithoutEnd(t *testing.T) {
	for _, id := range ownProtocols {
		t.Run(string(id), func(t *testing.T) {
			inOffice(t, func(t *testing.T, o *office) {
				c := o.mallory.opens(o.ada.device, id)
				frame := append([]byte{0, 0, 1, 0}, make([]byte, 0x100)...)
				begun := time.Now()
				for i, b := range frame {
					if _, err := c.stream.Write([]byte{b}); err != nil {
						break
					}
					time.Sleep(3 * time.Second)
					if i%10 == 0 {
						o.works()
					}
				}
				if took := time.Since(begun); took > 2*catchUpPatience {
					t.Errorf("a frame was waited for for %v", took)
				}
				waitFor(t, "the end of her stream", func() bool { return len(o.from(o.mallory)) == 0 })
				if !o.mallory.isConnected(o.ada.device) {
					t.Error("who is slow is turned away: networks are")
				}
				o.works()
			})
		})
	}
}

func TestAFloodOfStreamsLeavesRoomForOthers(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		o.keeps(64<<20, func() {
			for _, id := range ownProtocols {
				for range 3000 {
					stream, err := o.mallory.host.NewStream(t.Context(), peerOf(o.ada.id()), id)
					if err == nil {
						_, _ = stream.Write([]byte{0}) // so that it is opened
					}
				}
				o.works()
			}
			if open := len(o.from(o.mallory)); open > 1152 {
				t.Errorf("%d streams are open", open)
			}
			time.Sleep(2 * catchUpPatience)
			if open := len(o.from(o.mallory)); open > 0 {
				t.Errorf("%d streams are open, on which nothing was said", open)
			}
			o.works()
		})
	})
}

func TestAnUnknownVersionIsRefusedPolitely(t *testing.T) {
	inOffice(t, func(t *testing.T, o *office) {
		for _, id := range []protocol.ID{"/parley/hello/99", "/parley/gossip/99", "/parley/catchup/99"} {
			if stream, err := o.mallory.host.NewStream(t.Context(), peerOf(o.ada.id()), id); err == nil {
				t.Errorf("%s is spoken", id)
				_ = stream.Reset()
			}
		}
		// She offers nothing that Ada speaks. Ada lets her be.
		future := newRogue(t, space.KeyFromSeed([32]byte{7}), o.wire.options(address(99))...)
		future.host.SetStreamHandler("/parley/hello/99", func(stream network.Stream) { _ = stream.Reset() })
		future.connects(o.ada.device)
		time.Sleep(time.Minute)
		for _, r := range []*rogue{o.mallory, future} {
			if !r.isConnected(o.ada.device) {
				t.Error("she is turned away")
			}
		}
		// Of several versions the one that both speak is taken.
		stream, err := o.mallory.host.NewStream(t.Context(), peerOf(o.ada.id()), "/parley/hello/99", helloProtocol)
		if err != nil || stream.Protocol() != helloProtocol {
			t.Fatalf("no version in common: %v", err)
		}
		_ = stream.Reset()
		o.works()
	})
}
