package crdt

import (
	"bytes"
	"testing"
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// BenchmarkRoleCheck is what asking costs whether a change counts, whose author
// may write, and whose author may not.
func BenchmarkRoleCheck(b *testing.B) {
	key := space.KeyFromSeed([32]byte{1})
	_, founding, err := space.Found(key, "Riverside", space.Person{Name: "Ada"}, time.Unix(1e9, 0), bytes.NewReader(make([]byte, 64)))
	if err != nil {
		b.Fatal(err)
	}
	log, err := space.Open([][]byte{founding.Raw})
	if err != nil {
		b.Fatal(err)
	}
	ref := Ref{Space: log.ID(), Document: DocumentID{1}}
	for name, device := range map[string]space.DeviceID{"may": key.Device(), "may not": {2}} {
		own := space.ActorFor(log.ID(), device, 0)
		signature := Signature{Actor: chunk.Actor(own[:]), Seq: 7, Device: device}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, fault := judge(rightsIn(log, ref), signature, true)
				if (fault == 0) != (name == "may") {
					b.Fatal(fault)
				}
			}
		})
	}
}
