package crdt_test

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/space"
)

// manyParts is more than stay in memory.
const manyParts = 80

// What an append that failed has left is looked for once, and not again with
// every change to a document that is not in memory; but after a failure it is.
func TestPartsAreSweptOnce(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	ada.closes()
	backend, err := badger.Open(badger.Options{Dir: ada.dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	disk := &failing{Backend: backend}
	reads := &counting{Backend: disk}
	ada.options.Backend = reads
	if ada.store, err = crdt.Open(ada.options); err != nil {
		t.Fatal(err)
	}
	pens := make([]*pen, manyParts)
	nth := func(i int) crdt.Ref {
		ref := ref
		ref.Document[5] = byte(i)
		return ref
	}
	everybodyWrites := func() (scans int64) {
		before := reads.scans.Load()
		for i := range pens {
			if pens[i] == nil {
				pens[i] = &pen{t: t, actor: chunk.Actor(actorOf(ref, ben))}
			}
			if got := ada.takes(nth(i), ben.bundle(nth(i), pens[i].writes("a")), ben); got.Accepted != 1 {
				t.Fatalf("%+v", got)
			}
		}
		return reads.scans.Load() - before
	}
	first, second := everybodyWrites(), everybodyWrites()
	if second > 2*manyParts || first <= second {
		t.Errorf("%d scans for %d documents that were looked at before, and %d for new ones", second, manyParts, first)
	}

	// One of them fails half-way, and others take its place in memory.
	var changes []chunk.Change
	for range 2*crdt.MaxWriteOps + 10 {
		changes = append(changes, pens[3].writes("line"))
	}
	failed, next := ben.bundle(nth(3), changes...), *pens[3]
	disk.after.Store(2)
	if _, err := ada.store.Append(t.Context(), nth(3), failed, crdt.Peer, ben.key.Device()); !errors.Is(err, errDisk) {
		t.Fatalf("on a broken disk: %v", err)
	}
	disk.after.Store(0)
	for i := range pens {
		if i != 3 {
			ada.vector(nth(i))
		}
	}
	// Positions go on above what was left, which would count if it stayed.
	if got := ada.takes(nth(3), failed, ben); got.Accepted != len(changes) {
		t.Fatalf("%+v", got)
	}
	if got := ada.takes(nth(3), ben.bundle(nth(3), next.writes("more")), ben); got.Accepted != 1 {
		t.Fatalf("%+v", got)
	}
	ada.restarts()
	chunks, _, err := ada.store.Load(nth(3))
	if err != nil || len(chunks) != 2+len(changes)+1 {
		t.Errorf("%d chunks for %d changes (%v)", len(chunks), 2+len(changes)+1, err)
	}
}

// counting counts scans.
type counting struct {
	crdt.Backend
	scans atomic.Int64
}

func (c *counting) View(read func(crdt.Reader) error) error {
	return c.Backend.View(func(r crdt.Reader) error { return read(countingReader{r, c}) })
}

type countingReader struct {
	crdt.Reader
	to *counting
}

func (r countingReader) Scan(prefix, from []byte, visit func(key, value []byte) (bool, error)) error {
	r.to.scans.Add(1)
	return r.Reader.Scan(prefix, from, visit)
}
