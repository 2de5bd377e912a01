package crdt_test

import (
	"maps"
	"testing"
	"time"

	"parley/space"
)

// wall is a clock on the wall, which somebody sets.
type wall struct{ at time.Time }

func (w *wall) now() time.Time { return w.at }

// goesBy gives a device a clock of its own.
func (d *device) goesBy(w *wall) *device {
	d.t.Helper()
	d.options.Now = w.now
	d.restarts()
	return d
}

// Clocks are for people to read. Whatever they say, and however they jump while
// two people write, nothing is lost, refused or ordered by them.
func TestClocksMayJump(t *testing.T) {
	today := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	left, right := &wall{today}, &wall{today}
	ada, ben := newDevice(t, "Ada").understands().goesBy(left), newDevice(t, "Ben").understands().goesBy(right)
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	written := 0
	for _, jump := range []struct{ left, right time.Time }{
		{today, today},
		{today.AddDate(-10, 0, 0), today},
		{today.AddDate(-10, 0, 0), today.AddDate(30, 0, 0)},
		{time.Unix(0, 0), today.AddDate(30, 0, 0)},
		{time.Time{}, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)},
		{today, time.Unix(-1, 0)},
	} {
		left.at, right.at = jump.left, jump.right
		for _, d := range []*device{ada, ben} {
			pen := d.picksUp(ref)
			changes := pen.writesMany(10)
			d.commits(ref, changes[:5]...)
			left.at, right.at = right.at, left.at
			d.commits(ref, changes[5:]...)
			written += len(changes)
		}
		ben.catchesUp(ref, ada, 1<<20)
		ada.catchesUp(ref, ben, 1<<20)
		ada.compacts(ref)
		left.at, right.at = right.at, left.at
		ben.compacts(ref)
		ada.restarts()
		ben.restarts()
		of, his := ada.history(ref), ben.history(ref)
		if len(of) != written || !maps.Equal(of, his) {
			t.Fatalf("at %v and %v: %d changes were written, Ada has %d, Ben %d", jump.left, jump.right, written, len(of), len(his))
		}
	}
	if ada.store.Digest(ref.Space) != ben.store.Digest(ref.Space) {
		t.Error("they hold the same, and their digests differ")
	}
	for _, d := range []*device{ada, ben} {
		if refused, err := d.store.Quarantine(ref.Space); err != nil || len(refused) > 0 {
			t.Errorf("%s refused %v (%v)", d.name, refused, err)
		}
		d.isSound()
	}
}
