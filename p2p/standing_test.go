package p2p

import (
	"bytes"
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

func TestWhatSomebodyWroteProvesWhatTheyHave(t *testing.T) {
	// Ada and Cleo never meet: Ben carries what they write to and fro.
	ada, ben, cleo := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cleo")
	park, plan := meeting(t, ada, ben)
	code := ada.invites(park, 1, time.Time{})
	code.Inviter, code.Addresses = ben.id(), ben.node.CodeAddresses()
	ben.same(park, ada)
	if err := ada.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	cleo.joins(code)
	cleo.same(park, ben)
	ofCleo := func(ref crdt.Ref) Have {
		t.Helper()
		all, err := ada.node.Standing(ref)
		if err != nil {
			t.Fatal(err)
		}
		return all[cleo.id()]
	}
	// What Cleo writes builds on all that is there.
	chunks, _, err := cleo.store.Load(plan)
	if err != nil || len(chunks) != 2 {
		t.Fatal(len(chunks), err)
	}
	for _, raw := range chunks {
		c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		cleo.deps[plan], cleo.maxOp[plan] = append(cleo.deps[plan], c.Hash), c.MaxOp
	}
	slices.SortFunc(cleo.deps[plan], func(a, b chunk.Hash) int { return bytes.Compare(a[:], b[:]) })
	cleo.writes(plan, "on top of both")
	ben.same(park, cleo)
	if err := cleo.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	if err := ada.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	ada.same(park, ben)
	ada.waitFor("being sure of Cleo", func() bool { h := ofCleo(plan); return h.HasLatest && h.Known && !h.Connected })
	ada.writes(ref(park, "another"), "which Cleo has not seen")
	if h := ofCleo(ref(park, "another")); h.Known || h.HasLatest {
		t.Errorf("of what Cleo never wrote in is known %+v", h)
	}

	// What comes later, she lacks: since when, the change says.
	c := ada.change(plan, "today")
	written := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	c.Time = written.Unix()
	c, err = chunk.Encode(c, nil, []chunk.Op{{Key: chunk.Key{Name: "today", IsName: true}, Action: chunk.Put, Value: chunk.String("x")}})
	if err != nil {
		t.Fatal(err)
	}
	ada.writesRaw(plan, c)
	if h := ofCleo(plan); h.HasLatest || !h.Known || !h.Lacks.Equal(written) {
		t.Errorf("of Cleo is known %+v", h)
	}
}
