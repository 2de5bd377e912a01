package p2p

import (
	"slices"
	"testing"
	"time"

	"parley/crdt"
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

// Of a document nothing counts, since whoever wrote it was removed before it came:
// it is set aside by everybody, also by those who had asked for everything before.
func TestADocumentOfWhichNothingCountsIsTold(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park := ada.founds("Park")
	for _, d := range []*device{ben, cleo} {
		d.joins(ada.invites(park, 1, time.Time{}))
		ada.shares(park, d)
		d.same(park, ada)
	}
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	late := ref(park, "late")
	ben.writes(late, "after all")
	bundle, _, err := ben.store.Since(t.Context(), late, nil, maxPieceBytes)
	if err != nil {
		t.Fatal(err)
	}
	ada.removes(park, ben)
	cleo.same(park, ada)
	// What Ada says next is of documents alone: of one that counts, too.
	log := ada.logOf(park).Digest()
	cleo.waitFor("Ada's word on the removal", func() bool {
		p := cleo.node.current().room(park).puller
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.logs[ada.id()] == parting{log, log}
	})
	if _, err := ada.store.Append(t.Context(), late, bundle, crdt.Peer, ben.id()); err != nil {
		t.Fatal(err)
	}
	ada.writes(ref(park, "plan"), "text")
	cleo.waitFor("what Ben wrote, set aside", func() bool {
		list, err := cleo.store.Quarantine(park)
		return err == nil && len(list) == 1 && list[0].Ref == late
	})
	cleo.same(park, ada)
}
