package p2p

import (
	"context"
	"slices"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// BenchmarkCommitToOtherDisk is one change, from the call that appends it on
// one node to its being durable on another: two nodes in one process, real
// sockets, real stores with synced writes.
func BenchmarkCommitToOtherDisk(b *testing.B) {
	for _, transport := range []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"} {
		b.Run(transport, func(b *testing.B) {
			ada, ben := newDevice(b, "Ada"), newDevice(b, "Ben")
			for _, d := range []*device{ada, ben} {
				d.stops()
				d.listen = []string{transport}
				d.starts()
			}
			park := ada.founds("Park")
			plan := ref(park, "plan")
			ben.joins(ada.invites(park, 1, time.Time{}))
			ada.shares(park, ben)
			arrivals := make(chan time.Time, 1)
			position := ben.store.Position()
			go follow(ben.store, position, ada.id(), arrivals)
			took := make([]time.Duration, 0, b.N)
			own := make([]time.Duration, 0, b.N)
			for b.Loop() {
				c := ada.change(plan, "k")
				start := time.Now()
				ada.writesRaw(plan, c)
				own = append(own, time.Since(start))
				took = append(took, (<-arrivals).Sub(start))
			}
			slices.Sort(took)
			slices.Sort(own)
			b.ReportMetric(float64(own[len(own)/2].Microseconds()), "own-p50-µs")
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds()), "p95-µs")
		})
	}
}

// follow reports when changes of a device become durable in a store.
func follow(store *crdt.Store, position uint64, author space.DeviceID, arrivals chan<- time.Time) {
	for {
		moves, next, err := store.Wait(context.Background(), position)
		if err != nil {
			return
		}
		for _, m := range moves {
			if actor := space.ActorFor(m.Ref.Space, author, 0); m.Actor == chunk.Actor(actor[:]) {
				arrivals <- time.Now()
			}
		}
		position = next
	}
}
