//go:build !race

package crdt_test

import (
	"fmt"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
)

// bombMemory is enough for ordinary documents and not for the bomb. The race
// detector needs so much memory itself that the bomb would take minutes to end
// a child with it.
const bombMemory = 128 << 20

// TestWhatEndsTheChildIsFoundAndSetAside has the real child die over its memory
// limit, on a change among others, with the document held open and without.
func TestWhatEndsTheChildIsFoundAndSetAside(t *testing.T) {
	for _, live := range []bool{false, true} {
		t.Run(fmt.Sprintf("held open %v", live), func(t *testing.T) {
			ada, ben, ref, birth := aText(t)
			child := ada.has(materialize.Options{Memory: bombMemory})
			if live {
				defer ada.store.Show(ref)()
				his := ben.picksUp(ref)
				one := his.letter(birth, "1")
				ben.commits(ref, one)
				ada.takes(ref, ben.bundle(ref, one), ben)
				ada.vets(ref)
			}
			his := ben.picksUp(ref)
			before := his.letter(birth, "a")
			bad := his.bomb()
			above := his.letter(birth, "b")
			beside := ada.picksUp(ref)
			ada.takes(ref, ben.bundle(ref, before), ben)
			ada.takes(ref, ben.bundle(ref, bad, above), ben)
			ada.commits(ref, beside.letter(birth, "c"))

			ada.vets(ref)
			want := map[chunk.Hash]crdt.Reason{bad.Hash: crdt.ReasonCrash, above.Hash: crdt.ReasonCrash}
			got := ada.quarantined(ref.Space)
			if len(got) != len(want) || got[bad.Hash] != want[bad.Hash] || got[above.Hash] != want[above.Hash] {
				t.Fatalf("in quarantine %v", got)
			}
			text, _ := ada.shown(ref)
			if len(text) < len("ca\nhello") || text[len(text)-5:] != "hello" {
				t.Fatalf("%q is shown", text)
			}
			// Nobody asks about it again, neither at the next start nor when it
			// comes again.
			ada.restarts()
			child.asked.Store(0)
			ada.vets(ref)
			if got := ada.takes(ref, ben.bundle(ref, bad, above), ben); got.Accepted != 0 || !isReason(got, crdt.ReasonCrash) {
				t.Fatalf("%+v", got)
			}
			ada.vets(ref)
			if n := child.asked.Load(); n != 0 {
				t.Errorf("the child was asked %d times more", n)
			}
			ada.compacts(ref)
			if again, _ := ada.shown(ref); again != text {
				t.Errorf("%q is shown after compacting", again)
			}
		})
	}
}
