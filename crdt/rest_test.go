package crdt_test

import (
	"testing"
	"time"

	"parley/crdt"
	"parley/space"
)

// loose counts the records of changes beside the snapshot, also of those that
// lie in it.
func (d *device) loose(ref crdt.Ref) (n int) {
	d.t.Helper()
	prefix := crdt.ChunkKey(ref, 0)
	prefix = prefix[:len(prefix)-8]
	err := d.options.Backend.View(func(r crdt.Reader) error {
		return r.Scan(prefix, nil, func([]byte, []byte) (bool, error) {
			n++
			return true, nil
		})
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

func TestWhatIsLeftAloneGoesIntoItsSnapshotAsAWhole(t *testing.T) {
	ada, ben := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	hers := ada.picksUp(ref)
	ada.commits(ref, hers.writesMany(40)...)
	ada.compacts(ref)
	if n := ada.loose(ref); n != 4 {
		t.Fatalf("%d changes beside the snapshot", n)
	}
	want := ada.history(ref)

	ada.options.Quiet, ada.options.Housekeeping = time.Millisecond, 5*time.Millisecond
	ada.restarts()
	ada.runs()
	more := hers.writes("more")
	ada.commits(ref, more)
	want[more.Hash] = true
	ada.eventually("no change is left beside the snapshot", func() bool { return ada.loose(ref) == 0 })
	if got := ada.history(ref); len(got) != len(want) {
		t.Fatalf("%d changes, not %d", len(got), len(want))
	}
	// Who was behind is served, and work goes on.
	ben.catchesUp(ref, ada, 1<<20)
	ada.commits(ref, hers.writesMany(3)...)
	ben.catchesUp(ref, ada, 1<<20)
	if len(ben.history(ref)) != len(want)+3 {
		t.Fatal("Ben has not caught up")
	}
}

// A small document without a snapshot stays as it is.
func TestAFewChangesNeedNoSnapshot(t *testing.T) {
	ada := newDevice(t, "Ada").understands()
	ada.options.Quiet, ada.options.Housekeeping = time.Millisecond, 5*time.Millisecond
	ada.restarts()
	small := ada.founds()
	large := small
	large.Document = crdt.DocumentID{2}
	ada.commits(small, ada.picksUp(small).writesMany(3)...)
	ada.commits(large, ada.picksUp(large).writesMany(40)...)
	ada.runs()
	ada.eventually("the larger one has a snapshot", func() bool { return ada.loose(large) == 0 })
	if n := ada.loose(small); n != 3 {
		t.Errorf("%d changes", n)
	}
}
