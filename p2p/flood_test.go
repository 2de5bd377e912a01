package p2p

import (
	"fmt"
	"testing"
	"time"

	"parley/space"
)

// A member who writes more heads than a pull has landmarks slows the others
// down a little, and no more.
func TestAFloodOfMembershipEntriesStopsNobody(t *testing.T) {
	ada, ben, mal := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Mal")
	park, plan := meeting(t, ada, ben)
	mal.joins(ada.invites(park, 1, time.Time{}))
	mal.same(park, ada)
	frozen, err := space.Open(mal.logOf(park).Entries())
	if err != nil {
		t.Fatal(err)
	}
	var flood [][]byte
	for i := range space.MaxLandmarks + 200 {
		entry, err := frozen.SetPerson(mal.key, space.Person{Name: fmt.Sprint("Mal ", i)}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		flood = append(flood, entry.Raw)
	}
	if _, _, err := mal.store.AddEntries(t.Context(), park, flood); err != nil {
		t.Fatal(err)
	}
	ada.same(park, mal)
	ben.same(park, ada)

	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	ada.writes(plan, "after")
	ben.writes(plan, "after too")
	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	ben.same(park, ada)
	old := ada.invites(park, 5, time.Time{})
	entry, err := ada.logOf(park).Withdraw(ada.key, old.Invitation(), time.Now())
	ada.adds(park, entry, err)
	if invitation, _ := ada.logOf(park).Invitation(old.Invitation()); !invitation.Withdrawn {
		t.Error("the invitation is not withdrawn")
	}
	ben.same(park, ada)
}
