package crdt_test

import (
	"bytes"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// FuzzAppend shows that no bytes get past the door that their author has not
// signed, and none break it.
func FuzzAppend(f *testing.F) {
	ada, eve := newDevice(f, "Ada"), newDevice(f, "Eve")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, eve)
	pen := &pen{t: f, actor: chunk.Actor(actorOf(ref, eve))}
	first, second := pen.writes("first"), pen.writes("second, long enough to be compressed: "+string(bytes.Repeat([]byte("la "), 200)))
	signature := crdt.Sign(eve.key, ref, second)
	f.Add(first.Raw, second.Raw, signature.Sig[:], uint64(2))
	f.Add(second.Raw, first.Raw[:len(first.Raw)-1], signature.Sig[:], uint64(1))
	f.Add([]byte{}, []byte{0x85, 0x6f, 0x4a, 0x83}, []byte{}, uint64(0))
	f.Fuzz(func(t *testing.T, one, other, sig []byte, seq uint64) {
		ada.t = t
		s := crdt.Signature{Actor: pen.actor, Seq: seq, Hash: second.Hash, Device: eve.key.Device()}
		copy(s.Sig[:], sig)
		bundle := crdt.Bundle{Changes: [][]byte{one, other}, Signatures: []crdt.Signature{s}}
		receipt, err := ada.store.Append(t.Context(), ref, bundle, crdt.Peer, eve.key.Device())
		if err != nil {
			t.Fatal(err)
		}
		for hash := range ada.hashes(ref) {
			if hash != first.Hash && hash != second.Hash {
				t.Fatalf("%s was never signed: %+v", hash, receipt)
			}
		}
	})
}
