package p2p

import (
	"fmt"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/materialize"
)

// Ben's machine cannot look into snapshots: one document is too much for it.
func TestADocumentThatIsTooMuchKeepsNoOtherWaiting(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ada.stops()
	child := materialize.New(materialize.Options{Log: ada.log})
	t.Cleanup(func() {
		ada.stops() // what asks the child goes first
		if err := child.Close(); err != nil {
			t.Error(err)
		}
	})
	ada.child = child
	ada.starts()

	park := ada.founds("Park")
	large := crdt.Ref{Space: park, Document: crdt.DocumentID{1}}
	for i := range 300 {
		ada.writes(large, fmt.Sprint(i))
	}
	if err := ada.store.Compact(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	const others = 20
	for i := range others {
		ada.writes(crdt.Ref{Space: park, Document: crdt.DocumentID{byte(2 + i)}}, "fine")
	}
	ben.joins(ada.invites(park, 1, time.Time{}))
	ben.waitFor("the other documents", func() bool { return len(ben.store.Documents(park)) == others })
	ada.writes(large, "more")
	ada.writes(crdt.Ref{Space: park, Document: crdt.DocumentID{99}}, "new")
	ben.waitFor("a document that is new", func() bool { return len(ben.store.Documents(park)) == others+1 })
}
