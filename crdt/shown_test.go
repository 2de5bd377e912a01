package crdt_test

import (
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
)

// This is about what may be shown, whatever else is done with the part.

func TestACompactionShowsNothingThatVettingWouldNot(t *testing.T) {
	ada, ben, ref, _ := aText(t)
	his := ben.picksUp(ref)
	bad := his.puts("kind", "index")
	ada.takes(ref, ben.bundle(ref, bad), ben)
	ada.compacts(ref)
	if got := ada.quarantined(ref.Space)[bad.Hash]; got != crdt.ReasonNonsense {
		t.Fatalf("it was set aside for %v", got)
	}
	if text, position := ada.shown(ref); text != "hello" || position != ada.moved(ref) {
		t.Fatalf("%q is shown, through %d", text, position)
	}
}

// puts is a change that writes a field of ROOT, as if nothing were there yet.
func (p *pen) puts(field, value string) chunk.Change {
	p.t.Helper()
	return p.does(chunk.Op{Key: chunk.Key{Name: field, IsName: true}, Action: chunk.Put, Value: chunk.String(value)})
}
