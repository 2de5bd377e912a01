package p2p

import (
	"testing"
	"time"
)

func TestStrandedNewcomerIsLetInAgain(t *testing.T) {
	// Ben, who does not know yet that he was removed, lets Cleo in.
	ada, ben, cleo, dora := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo"), newDevice(t, "Dora")
	park, _ := meeting(t, ada, ben)
	dora.joins(ada.invites(park, 1, time.Time{}))
	code := ada.invites(park, 1, time.Time{})
	ben.same(park, ada)
	dora.same(park, ada)
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	ada.removes(park, ben)
	dora.same(park, ada)
	for _, d := range []*device{ada, dora} {
		if err := d.node.SetOffline(true); err != nil {
			t.Fatal(err)
		}
	}
	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	code.Inviter, code.Addresses = ben.id(), ben.node.CodeAddresses()
	cleo.joins(code)
	ben.shares(park, cleo)
	// Now they all meet. Dora is an editor, and may do it as well as Ada.
	for _, d := range []*device{ada, dora} {
		if err := d.node.SetOffline(false); err != nil {
			t.Fatal(err)
		}
	}
	cleo.connects(dora)
	dora.waitFor("Cleo's place", func() bool { return dora.node.member(park, cleo.id()) })
	dora.shares(park, cleo)
	cleo.connects(ada)
	ada.shares(park, cleo)
	ben.connects(ada) // who listens somewhere else by now
	ben.isOut(park)
	cleo.writes(ref(park, "plan"), "text")
	ada.same(park, cleo)
}

func TestStrandedForGoodIsTold(t *testing.T) {
	// As before, but the invitation is withdrawn meanwhile: nobody lets Cleo in
	// again, and she learns why.
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park, _ := meeting(t, ada, ben)
	code := ada.invites(park, 1, time.Time{})
	ben.same(park, ada)
	if err := ada.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	code.Inviter, code.Addresses = ben.id(), ben.node.CodeAddresses()
	cleo.joins(code)
	ada.removes(park, ben)
	entry, err := ada.logOf(park).Withdraw(ada.key, code.Invitation(), time.Now())
	ada.adds(park, entry, err)
	if err := ada.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	cleo.connects(ada)
	cleo.isOut(park)
	if ada.node.member(park, cleo.id()) {
		t.Error("Cleo is in all the same")
	}
	if cleo.logOf(park).Has(entry.Hash) {
		t.Error("Cleo was told more than why")
	}
}
