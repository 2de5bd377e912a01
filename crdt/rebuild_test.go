package crdt_test

import (
	"maps"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// quarantined is what is in quarantine of a space, by hash.
func (d *device) quarantined(id space.ID) map[chunk.Hash]crdt.Reason {
	d.t.Helper()
	list, err := d.store.Quarantine(id)
	if err != nil {
		d.t.Fatal(err)
	}
	reasons := make(map[chunk.Hash]crdt.Reason)
	for _, q := range list {
		reasons[q.Hash] = q.Reason
	}
	return reasons
}

// holdsExactly makes sure that a part holds some changes and no others, also
// after a restart.
func (d *device) holdsExactly(ref crdt.Ref, want ...[]chunk.Change) {
	d.t.Helper()
	hashes := make(map[chunk.Hash]bool)
	vector := make(crdt.Vector)
	for _, changes := range want {
		for _, c := range changes {
			hashes[c.Hash] = true
			vector[c.Actor] = max(vector[c.Actor], c.Seq)
		}
	}
	for _, when := range []string{"at once", "after a restart"} {
		if got := d.history(ref); !maps.Equal(got, hashes) {
			d.t.Fatalf("%s: %d changes, not %d", when, len(got), len(hashes))
		}
		if got := d.vector(ref); !maps.Equal(got, vector) {
			d.t.Fatalf("%s: vector %v, not %v", when, got, vector)
		}
		d.restarts()
	}
}

func TestAChangeIsTakenOutOfASnapshot(t *testing.T) {
	ada, ben := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	hers := ada.picksUp(ref)
	early := hers.writesMany(30)
	ada.commits(ref, early...)
	ben.catchesUp(ref, ada, 1<<20)
	his := ben.picksUp(ref)
	// Each is signed for, but once they are compacted only the newest of each
	// author is; the newest few stay beside the snapshot.
	theirs := his.writesMany(3)
	for _, c := range theirs {
		ada.takes(ref, ben.bundle(ref, c), ben)
	}
	beside := hers.writesMany(1)
	ada.commits(ref, beside...)
	ada.compacts(ref)
	_, window, err := ada.store.Load(ref)
	if err != nil {
		t.Fatal(err)
	}

	removed, err := ada.store.SetAside(t.Context(), ref, []chunk.Hash{theirs[1].Hash}, crdt.ReasonTrap)
	if err != nil || removed != 2 {
		t.Fatalf("%d set aside, %v", removed, err)
	}
	ada.holdsExactly(ref, early, theirs[:1], beside)
	want := map[chunk.Hash]crdt.Reason{theirs[1].Hash: crdt.ReasonTrap, theirs[2].Hash: crdt.ReasonTrap}
	if got := ada.quarantined(ref.Space); !maps.Equal(got, want) {
		t.Fatalf("in quarantine %v", got)
	}
	if chunks, next, err := ada.store.After(ref, window); err != nil || len(chunks) == 0 || next <= window {
		t.Fatalf("a window is not told to begin again: %d chunks, %v", len(chunks), err)
	}
	if snapshots, _ := ada.chunks(ref); snapshots != 1 {
		t.Fatalf("%d snapshots", snapshots)
	}

	// It stays away, whichever way it comes.
	if got := ada.takes(ref, ben.bundle(ref, theirs...), ben); got.Accepted != 0 || !isReason(got, crdt.ReasonTrap) {
		t.Fatalf("%+v", got)
	}
	// Work goes on, here and elsewhere.
	more := hers.writesMany(5)
	ada.commits(ref, more...)
	ada.compacts(ref)
	ada.holdsExactly(ref, early, theirs[:1], beside, more)
	cem := newDevice(t, "Cem").understands()
	ada.admits(ref.Space, space.Editor, cem)
	cem.catchesUp(ref, ada, 1<<20)
	cem.holdsExactly(ref, early, theirs[:1], beside, more)
}

func isReason(r crdt.Receipt, reason crdt.Reason) bool {
	for _, q := range r.Refused {
		if q.Reason == reason {
			return true
		}
	}
	return false
}

func TestWhatNobodyHasSignedForAnyMoreGoesToo(t *testing.T) {
	ada, ben := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	hers := ada.picksUp(ref)
	early := hers.writesMany(6)
	ada.commits(ref, early...)
	ben.catchesUp(ref, ada, 1<<20)
	theirs := ben.picksUp(ref).writesMany(3)
	ada.takes(ref, ben.bundle(ref, theirs...), ben) // one signature for all three
	late := hers.writesMany(6)
	ada.commits(ref, late...)
	ada.compacts(ref)
	removed, err := ada.store.SetAside(t.Context(), ref, []chunk.Hash{theirs[2].Hash}, crdt.ReasonCrash)
	if err != nil || removed != 3 {
		t.Fatalf("%d set aside, %v", removed, err)
	}
	ada.holdsExactly(ref, early, late)
	// The others may come again, with a signature of their own.
	if got := ada.takes(ref, ben.bundle(ref, theirs[:2]...), ben); got.Accepted != 2 {
		t.Fatalf("%+v", got)
	}
	ada.holdsExactly(ref, early, late, theirs[:2])
}

func TestAnyNumberOfChangesLeavesAtOnce(t *testing.T) {
	ada, ben := newDevice(t, "Ada").understands(), newDevice(t, "Ben")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	early := ada.picksUp(ref).writesMany(5)
	ada.commits(ref, early...)
	ben.catchesUp(ref, ada, 1<<20)
	his := ben.picksUp(ref)
	first := his.writes("the first")
	ada.takes(ref, ben.bundle(ref, first), ben)
	// More than fits into one write.
	var many []chunk.Change
	for range 6000 {
		many = append(many, his.writes("x"))
	}
	ada.takes(ref, ben.bundle(ref, many...), ben)
	removed, err := ada.store.SetAside(t.Context(), ref, []chunk.Hash{many[0].Hash}, crdt.ReasonCrash)
	if err != nil || removed != len(many) {
		t.Fatalf("%d set aside, %v", removed, err)
	}
	ada.holdsExactly(ref, early, []chunk.Change{first})
}

func TestWhatCannotBeReadAnyMoreIsLeftBehind(t *testing.T) {
	for name, c := range map[string]struct {
		compact bool
		damage  func(ref crdt.Ref, first uint64) []byte
	}{
		"a change":                    {damage: crdt.ChunkKey},
		"a snapshot":                  {compact: true, damage: func(ref crdt.Ref, first uint64) []byte { return crdt.SnapshotKey(ref, first+9) }},
		"a change besides a snapshot": {compact: true, damage: func(ref crdt.Ref, first uint64) []byte { return crdt.ChunkKey(ref, first+8) }},
	} {
		t.Run(name, func(t *testing.T) {
			ada, ben := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands()
			ref := ada.founds()
			ada.admits(ref.Space, space.Editor, ben)
			before := ada.store.Position()
			hers := ada.picksUp(ref)
			early := hers.writesMany(10)
			ada.commits(ref, early...)
			if c.compact {
				ada.compacts(ref)
			}
			late := hers.writesMany(3)
			ada.commits(ref, late...)
			ben.catchesUp(ref, ada, 1<<20)
			if err := ada.options.Backend.Write([]crdt.Op{{Key: c.damage(ref, before+1), Value: []byte{0xff}}}); err != nil {
				t.Fatal(err)
			}
			ada.restarts()
			removed, err := ada.store.Rebuild(t.Context(), ref, nil, true)
			if err != nil || removed == 0 {
				t.Fatalf("%d removed, %v", removed, err)
			}
			// What is left can be read, and what is gone comes back.
			ada.history(ref)
			ada.catchesUp(ref, ben, 1<<20)
			ada.holdsExactly(ref, early, late)
		})
	}
}
