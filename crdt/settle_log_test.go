package crdt_test

import (
	"testing"

	"parley/crdt/chunk"
	"parley/space"
)

// TestForksAreSettledAgainWhenTheLogMovesOn has somebody build on a side of a
// fork who is no member yet: that has a say once they are.
func TestForksAreSettledAgainWhenTheLogMovesOn(t *testing.T) {
	ada, mal, eve := newDevice(t, "Ada").understands(), newDevice(t, "Mal").understands(), newDevice(t, "Eve").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, mal)
	mals := mal.picksUp(ref)
	start := *mals
	other := start.writes("other")
	one, _ := mals.smaller(other.Hash)
	on := mal.inTheNameOf(eve, ref)
	on.heads, on.maxOp = []chunk.Hash{other.Hash}, other.MaxOp
	all := mal.bundle(ref, one)
	for _, c := range []chunk.Change{other, on.writes("Eve's, for whom Mal vouches")} {
		more := mal.bundle(ref, c)
		all.Changes = append(all.Changes, more.Changes...)
		all.Signatures = append(all.Signatures, more.Signatures...)
	}
	ada.takes(ref, all, mal)
	ada.settles(ref)
	if held := ada.history(ref); !held[one.Hash] || held[other.Hash] {
		t.Fatal("the side counts that no member has built on")
	}

	ada.store.ForgetForks()
	ada.admits(ref.Space, space.Editor, eve)
	ada.runs()
	ada.eventually("counts what Eve built on", func() bool { return ada.hashes(ref)[other.Hash] })
}
