package crdt_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/space"
)

// leftOf counts what is on the disk of a space, and whether it is marked as
// forgotten. The device is closed.
func (d *device) leftOf(id space.ID) (count int, marked bool) {
	d.t.Helper()
	backend, err := badger.Open(badger.Options{Dir: d.dir, Key: d.sealed, Log: d.options.Log})
	if err != nil {
		d.t.Fatal(err)
	}
	defer backend.Close()
	err = backend.View(func(r crdt.Reader) error {
		_, err := r.Get(append([]byte{'f'}, id[:]...))
		marked = err == nil
		return r.Scan(append([]byte{'s'}, id[:]...), nil, func(_, _ []byte) (bool, error) {
			count++
			return true, nil
		})
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return count, marked
}

func TestASpaceIsForgotten(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ref, other := ada.founds(), ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	ada.commits(ref, ada.picksUp(ref).writes("hers"))
	ada.commits(other, ada.picksUp(other).writes("elsewhere"))
	ben.catchesUp(ref, ada, 1<<20)
	bens := ben.picksUp(ref)
	ben.commits(ref, bens.writes("his"))
	if _, err := ben.store.PutBlob(t.Context(), ref.Space, "", strings.NewReader("a picture")); err != nil {
		t.Fatal(err)
	}
	log, _ := ben.store.Log(ref.Space)
	entries := log.Entries()

	if err := ben.store.Forget(t.Context(), ref.Space); err != nil {
		t.Fatal(err)
	}
	if _, ok := ben.store.Log(ref.Space); ok || slices.Contains(ben.store.Spaces(), ref.Space) {
		t.Error("a space that is forgotten is still there")
	}
	for what, err := range map[string]error{
		"again": ben.store.Forget(t.Context(), ref.Space),
		"an append": func() error {
			_, err := ben.store.Append(t.Context(), ref, ben.bundle(ref, bens.writes("more")), crdt.Local, ben.key.Device())
			return err
		}(),
		"an entry": func() error {
			_, _, err := ben.store.AddEntries(t.Context(), ref.Space, entries)
			return err
		}(),
		"a lease": func() error {
			_, err := ben.store.Lease(ref)
			return err
		}(),
	} {
		if !errors.Is(err, crdt.ErrUnknownSpace) {
			t.Errorf("%s: %v", what, err)
		}
	}
	ben.closes()
	if left, _ := ben.leftOf(ref.Space); left != 0 {
		t.Errorf("%d records are left", left)
	}
	ben.opens()
	if len(ben.store.Spaces()) != 0 {
		t.Error("it came back with a restart")
	}
	if err := ben.store.Examine(t.Context(), func(f crdt.Finding) { t.Errorf("found %+v", f) }); err != nil {
		t.Fatal(err)
	}

	// It comes back as one that was never here, and nothing is written under a
	// number that was used before.
	if _, err := ben.store.CreateSpace(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
	if vector := ben.vector(ref); len(vector) != 0 {
		t.Errorf("it comes back with %v", vector)
	}
	ben.catchesUp(ref, ada, 1<<20)
	again := ben.picksUp(ref)
	if again.actor == bens.actor {
		t.Fatal("an actor that was used before is leased again")
	}
	ben.commits(ref, again.writes("back"))
	ada.catchesUp(ref, ben, 1<<20)
	if got := ada.vector(ref); len(got) != 2 {
		t.Errorf("Ada holds %v", got)
	}
	if got := ada.vector(other); len(got) != 1 {
		t.Errorf("another space holds %v", got)
	}
}

// A space comes back without a restart, and while somebody held on to a part.
func TestAForgottenSpaceComesBackAtOnce(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref := ada.founds()
	pen := ada.picksUp(ref)
	ada.commits(ref, pen.writes("before"))
	log, _ := ada.store.Log(ref.Space)
	if err := ada.store.Forget(t.Context(), ref.Space); err != nil {
		t.Fatal(err)
	}
	if _, err := ada.store.CreateSpace(t.Context(), log.Entries()...); err != nil {
		t.Fatal(err)
	}
	if got := ada.vector(ref); len(got) != 0 {
		t.Errorf("it holds %v", got)
	}
	again := ada.picksUp(ref)
	if again.actor == pen.actor {
		t.Fatal("an actor that was used before is leased again")
	}
	ada.commits(ref, again.writes("after"))
	ada.restarts()
	if got := ada.vector(ref); len(got) != 1 || got[again.actor] != 1 {
		t.Errorf("after a restart it holds %v", got)
	}
}

// What a forgotten space has left, when the power went or somebody was still
// writing, is gone once the store is opened.
func TestForgettingIsFinishedByOpening(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref, other := ada.founds(), ada.founds()
	pen := ada.picksUp(ref)
	for range 30 {
		ada.commits(ref, pen.writes("words"))
	}
	ada.closes()
	backend, err := badger.Open(badger.Options{Dir: ada.dir, Log: ada.options.Log})
	if err != nil {
		t.Fatal(err)
	}
	// As it is right after the mark was written.
	if err := backend.Write([]crdt.Op{{Key: append([]byte{'f'}, ref.Space[:]...), Value: []byte{1}}}); err != nil {
		t.Fatal(err)
	}
	if err := backend.Close(); err != nil {
		t.Fatal(err)
	}
	ada.opens()
	if got := ada.store.Spaces(); !slices.Equal(got, []space.ID{other.Space}) {
		t.Errorf("the spaces are %v", got)
	}
	ada.closes()
	if left, marked := ada.leftOf(ref.Space); left != 0 || marked {
		t.Errorf("%d records are left, marked: %v", left, marked)
	}
	if left, _ := ada.leftOf(other.Space); left == 0 {
		t.Error("another space was taken for it")
	}
	ada.opens()
}
