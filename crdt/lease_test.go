package crdt_test

import (
	"encoding/binary"
	"testing"

	"parley/crdt"
)

func TestFreshLeasesBeginWhereNobodyHasWritten(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref := ada.founds()
	before, err := ada.store.Lease(ref)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Release()
	if number(before) != 0 {
		t.Errorf("the first lease has number %d", number(before))
	}
	if err := ada.store.FreshLeases(); err != nil {
		t.Fatal(err)
	}
	after, err := ada.store.Lease(ref)
	if err != nil {
		t.Fatal(err)
	}
	defer after.Release()
	if number(after) < 1024 {
		t.Errorf("a fresh lease has number %d", number(after))
	}
	ada.restarts()
	again, err := ada.store.Lease(ref)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Release()
	if again.Actor != after.Actor {
		t.Errorf("after a restart leases begin at %d and not at %d", number(again), number(after))
	}
}

func number(lease crdt.Lease) uint32 { return binary.BigEndian.Uint32(lease.Actor[16:]) }
