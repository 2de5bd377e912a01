package crdt_test

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"testing"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/space"
)

// smaller makes the first change of a pen's actor with a smaller hash than
// another one.
func (p pen) smaller(than chunk.Hash) (chunk.Change, *pen) {
	for i := 0; ; i++ {
		q := p
		if c := q.writes(fmt.Sprint("smaller ", i)); c.Hash.Compare(than) < 0 {
			return c, &q
		}
	}
}

// TestNothingIsLostWhenSettlingIsCutShort settles a fork whose larger side
// comes back out of quarantine in more writes than one, and takes the power
// away before each of them.
func TestNothingIsLostWhenSettlingIsCutShort(t *testing.T) {
	for what, side := range map[string]func(*pen) []chunk.Change{
		"large changes": func(p *pen) (side []chunk.Change) {
			for range 30 {
				incompressible := make([]byte, 20_000)
				_, _ = rand.Read(incompressible)
				side = append(side, p.writes(hex.EncodeToString(incompressible)))
			}
			return side
		},
		"more changes than one write takes": func(p *pen) []chunk.Change { return p.writesMany(5000) },
	} {
		if testing.Short() && what != "large changes" {
			continue // as many changes again and again take minutes under the race detector
		}
		t.Run(what, func(t *testing.T) { settleCutShort(t, side) })
	}
}

func settleCutShort(t *testing.T, write func(*pen) []chunk.Change) {
	ada, ben, mal := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands(), newDevice(t, "Mal").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben, mal)
	mals := mal.picksUp(ref)
	start := *mals
	other := start.writes("other")
	one, _ := mals.smaller(other.Hash)
	ada.takes(ref, mal.bundle(ref, one), mal)
	all := append([]chunk.Change{other}, write(&start)...)
	ada.takes(ref, mal.bundle(ref, all...), mal)
	if moved := ada.settles(ref); moved != 0 {
		t.Fatalf("%d changes moved before anybody built on a side", moved)
	}
	ben.takes(ref, mal.bundle(ref, all...), mal)
	on := ben.picksUp(ref).writes("Ben builds on it")
	ben.commits(ref, on)
	ada.takes(ref, ben.bundle(ref, on), ben)
	all = append(all, on)
	ada.closes()
	for writes := 0; ; writes++ {
		d := &device{t: t, name: "Ada", key: ada.key, dir: t.TempDir() + "/copy", options: ada.options}
		if err := os.CopyFS(d.dir, os.DirFS(ada.dir)); err != nil {
			t.Fatal(err)
		}
		backend, err := badger.Open(badger.Options{Dir: d.dir, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		power := &failing{Backend: backend}
		d.options.Backend = power
		store, err := crdt.Open(d.options)
		if err != nil {
			t.Fatal(err)
		}
		power.after.Store(int64(writes) + 1)
		_, failed := store.Settle(t.Context(), ref)
		if failed != nil && !errors.Is(failed, errDisk) {
			t.Fatal(failed)
		}
		_ = store.Close()
		d.opens()
		held, aside := d.history(ref), d.aside(ref)
		for _, c := range append(all, one) {
			if !held[c.Hash] && aside[c.Hash] == 0 {
				t.Fatalf("after %d writes, a change is nowhere", writes)
			}
		}
		d.settles(ref)
		held, aside = d.history(ref), d.aside(ref)
		if len(held) != len(all) || !maps.Equal(aside, map[chunk.Hash]crdt.Reason{one.Hash: crdt.ReasonFork}) {
			t.Errorf("after %d writes, and settled again, %d of %d are there and %d aside", writes, len(held), len(all), len(aside))
		}
		ben.pulls(ref, d)
		if d.store.Digest(ref.Space) != ben.store.Digest(ref.Space) {
			t.Errorf("after %d writes, and settled again, the digest is not that of who was not cut short", writes)
		}
		d.closes()
		if failed == nil {
			if writes < 2 {
				t.Errorf("all was done in %d writes", writes)
			}
			return
		}
	}
}
