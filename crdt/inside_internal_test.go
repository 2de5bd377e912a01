package crdt

import (
	"encoding/binary"
	"testing"

	"parley/crdt/chunk"
)

func TestAPartForgetsTheOldestOfWhatItLearned(t *testing.T) {
	p := &part{inside: make(map[chunk.Hash]bool)}
	hash := func(n int) (h chunk.Hash) {
		binary.BigEndian.PutUint32(h[:], uint32(n))
		return h
	}
	const all = maxInside + maxInside/2
	for n := range all {
		p.remember(map[chunk.Hash]bool{hash(n): true})
	}
	p.remember(map[chunk.Hash]bool{hash(all - 1): true, hash(all): false})
	if len(p.inside) != maxInside {
		t.Errorf("it remembers %d", len(p.inside))
	}
	for n := range all + 1 {
		if want := n >= all-maxInside && n < all; p.inside[hash(n)] != want {
			t.Fatalf("of %d it remembers number %d: %v", all, n, !want)
		}
	}
}
