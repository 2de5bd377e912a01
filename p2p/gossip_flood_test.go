package p2p

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
)

// A member who gossips without end, as fast as they can, costs the others little
// memory and keeps them from nothing.
func TestAFloodOfGossipKeepsNobodyFromTheirWork(t *testing.T) {
	const most = 1000
	for name, gossips := range map[string]func(o *office, mal *device, n int){
		// Each is a little different, so that none is taken for a repetition.
		"presence": func(o *office, mal *device, n int) {
			mal.states(o.plan, &presenceMessage{
				Counter: uint64(time.Now().UnixMicro()) + uint64(n), Document: o.plan.Document[:], Part: o.plan.Part, State: make([]byte, maxState),
			})
		},
		"haves": func(o *office, mal *device, n int) {
			lies := &haveMessage{Counter: uint64(time.Now().UnixMicro()) + uint64(n), Digest: [32]byte{1, byte(n), byte(n >> 8)}}
			for i := range 50 {
				lies.Parts = append(lies.Parts, partVector{
					Document: ref(o.park, fmt.Sprint("lie ", n, " ", i)).Document,
					Vector:   toWire(crdt.Vector{chunk.Actor(make([]byte, 20)): 1 << 40}), Digest: shortDigest{byte(i), 1},
				})
			}
			slices.SortFunc(lies.Parts, func(a, b partVector) int { return bytes.Compare(a.Document[:], b.Document[:]) })
			mal.states(o.plan, lies)
		},
		"changes that build on what nobody has": func(o *office, mal *device, n int) {
			mal.change(o.plan, fmt.Sprint("never told ", n))
			mal.tells(o.plan, mal.key, mal.change(o.plan, string(bytes.Repeat([]byte("k"), 20_000))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inCompany(t, 1, func(t *testing.T, o *office, more []*player) {
				o.keeps(32<<20, func() {
					for n := range most {
						gossips(o, more[0].device, n)
						if n%100 < 99 {
							continue
						}
						begun := time.Now()
						o.works()
						if took := time.Since(begun); took > time.Minute {
							t.Errorf("Ada and Ben wait %v for each other", took)
						}
					}
				})
				if o.ada.turnsAway(o.ben.device) || o.ben.turnsAway(o.ada.device) {
					t.Error("somebody who did nothing wrong is turned away")
				}
				time.Sleep(silence)
				o.works()
			})
		})
	}
}

// states gossips what a device says about itself.
func (d *device) states(ref crdt.Ref, m message) {
	d.t.Helper()
	signed, err := state(d.key, ref.Space, m)
	if err != nil {
		d.t.Fatal(err)
	}
	d.publishes(ref.Space, signed)
}
