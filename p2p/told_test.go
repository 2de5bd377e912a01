package p2p

import (
	"slices"
	"testing"
	"time"

	"parley/space"
)

func TestAnEntryThatNobodyToldIsAskedFor(t *testing.T) {
	// Ada has an entry that went past Ben, as gossip does for who has
	// said hello and is not in the room yet.
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	id := ada.founds("Park")
	ben.joins(ada.invites(id, 1, time.Time{}))
	ada.shares(id, ben)
	ben.same(id, ada)
	label, err := ben.logOf(id).SetLabel(ben.key, ben.id(), "Ben's old laptop", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ada.node.current().room(id).hearEntries([][]byte{label.Raw}) // so that she does not tell it
	ada.adds(id, label, nil)
	ada.writes(ref(id, "plan"), "text")
	ben.waitFor("the label", func() bool {
		return slices.ContainsFunc(ben.logOf(id).Members(), func(m space.Member) bool {
			return m.Device == ben.id() && m.Label == "Ben's old laptop"
		})
	})
}
