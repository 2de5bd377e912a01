package p2p

import (
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
)

func TestStandingTellsWhoHasWhat(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, plan := meeting(t, ada, ben)
	ofBen := func() Have {
		t.Helper()
		all, err := ada.node.Standing(plan)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		return all[ben.id()]
	}
	ada.waitFor("knowing that Ben has everything", func() bool { h := ofBen(); return h.Connected && h.HasLatest })

	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	ada.waitFor("Ben gone", func() bool { return !ofBen().Connected })
	if h := ofBen(); !h.HasLatest || time.Since(h.LastSeen) > patience {
		t.Errorf("Ben is gone and has nothing: %+v", h)
	}
	ada.writes(plan, "while Ben is away")
	if ofBen().HasLatest {
		t.Error("Ben has what he cannot have")
	}

	// It is known after a restart, too.
	other := ref(park, "other")
	ada.writes(other, "not for Ben yet")
	ada.stops()
	ada.starts()
	if h := ofBen(); h.HasLatest || h.Connected || h.LastSeen.IsZero() {
		t.Errorf("after a restart, of Ben is known %+v", h)
	}
	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	ben.connects(ada)
	ada.same(park, ben)
	ada.waitFor("knowing that Ben has it", func() bool { return ofBen().HasLatest })
	ada.waitFor("knowing that on disk", func() bool {
		kept, err := ada.store.Have(plan)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := ada.store.Vector(plan)
		if err != nil {
			t.Fatal(err)
		}
		return kept[ben.id()].Vector.Covers(ours)
	})
}

func TestStandingIsToldByHaves(t *testing.T) {
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park, plan := meeting(t, ada, ben)
	cleo.joins(ada.invites(park, 1, time.Time{}))
	cleo.same(park, ada)
	for range 3 {
		ada.writes(plan, "text")
	}
	for _, d := range []*device{ada, ben, cleo} {
		d.waitFor("everybody having everything", func() bool {
			all, err := d.node.Standing(plan)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range all {
				if !h.HasLatest {
					return false
				}
			}
			return len(all) == 2
		})
	}
	if _, err := ada.node.Standing(crdt.Ref{}); err == nil {
		t.Error("a space that is not here has a standing")
	}
}

func TestDigestsCoverHashes(t *testing.T) {
	ada := newDevice(t, "Ada")
	park := ada.founds("Park")
	plan := ref(park, "plan")
	ada.writes(plan, "text")
	chunks, _, err := ada.store.Load(plan)
	if err != nil || len(chunks) != 1 {
		t.Fatalf("%d chunks, %v", len(chunks), err)
	}
	change, err := chunk.ParseChange(chunks[0], chunk.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	newest, err := encoding.Marshal([][]any{{[]byte(change.Actor), change.Seq, change.Hash[:]}})
	if err != nil {
		t.Fatal(err)
	}
	want := sha256.Sum256(slices.Concat(plan.Document[:], []byte{byte(plan.Part)}, newest))
	sums := partSums(ada.store, park, []uint{uint(plan.Document[0])})
	if len(sums) != 1 || sums[0].Digest != shortDigest(want[:16]) {
		t.Errorf("the store says %v, docs/protocol.md says %x", sums, want[:16])
	}
}
