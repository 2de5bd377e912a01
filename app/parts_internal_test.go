package app

import (
	"testing"

	"parley/crdt"
)

// A load takes long, and a page may have been reloaded and have opened the same
// part again by the time it fails.
func TestALoadThatFailsDropsNothingThatWasOpenedSince(t *testing.T) {
	released := make(map[*openPart]int)
	open := func() *openPart {
		nothing := func() {}
		p := &openPart{follower: newFollower(), giveBack: nothing, looking: nothing, leaving: nothing}
		p.hide = func() { released[p]++ }
		return p
	}
	w := &Window{parts: make(map[crdt.Ref]*openPart)}
	var ref crdt.Ref
	first, second := open(), open()
	for _, p := range []*openPart{first, second} {
		if err := w.keep(ref, p); err != nil {
			t.Fatal(err)
		}
	}
	w.drop(ref, first)
	if current, err := w.part(ref); err != nil || current != second || released[first] != 1 || released[second] != 0 {
		t.Fatalf("released %v, %v", released, err)
	}
	w.drop(ref, second)
	if _, err := w.part(ref); err == nil || released[second] != 1 {
		t.Fatalf("released %v, %v", released, err)
	}
}
