package crdt_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

func TestChangesOfTooManyAuthorsAtOnceAreRefusedAsAWhole(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref := ada.founds()
	var changes []chunk.Change
	for i := range 5000 {
		p := &pen{t: t, actor: chunk.Actor(fmt.Sprintf("another program %d", i))}
		changes = append(changes, p.writes("a"))
	}
	_, err := ada.store.Append(t.Context(), ref, ada.bundle(ref, changes...), crdt.Import, ada.key.Device())
	if !errors.Is(err, crdt.ErrTooMany) {
		t.Fatalf("taken in: %v", err)
	}
	if len(ada.vector(ref)) != 0 {
		t.Error("some of it is there")
	}
	for some := range slices.Chunk(changes, 1000) {
		receipt, err := ada.store.Append(t.Context(), ref, ada.bundle(ref, some...), crdt.Import, ada.key.Device())
		if err != nil || receipt.Accepted != len(some) {
			t.Fatalf("in pieces: %d, %v", receipt.Accepted, err)
		}
	}
	ada.restarts()
	if got := len(ada.vector(ref)); got != len(changes) {
		t.Errorf("%d authors of %d", got, len(changes))
	}
}

// A change cannot build on itself, since its hash covers what it builds on; but
// one can say so of a hash that somebody makes up.
func TestDependenciesThatAreNotThere(t *testing.T) {
	ada, mal := newDevice(t, "Ada"), newDevice(t, "Mal")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, mal)
	p := mal.picksUp(ref)
	first := p.change(1, nil, "first")
	p.maxOp = first.MaxOp

	byItself := p.change(2, []chunk.Hash{first.Hash}, "round")
	byItself = p.change(2, []chunk.Hash{byItself.Hash}, "round")
	many := make([]chunk.Hash, 50_000)
	for i := range many {
		many[i] = chunk.Hash{byte(i >> 16), byte(i >> 8), byte(i), 1}
	}
	for name, c := range map[string]chunk.Change{
		"a change that names another version of itself":   byItself,
		"a change on top of 50,000 that nobody has heard": p.change(2, many, "wide"),
	} {
		got := ada.takes(ref, mal.bundle(ref, first, c), mal)
		if len(got.Missing) != len(c.Deps) || len(got.Refused) != 0 {
			t.Errorf("%s: %d missing, refused %v", name, len(got.Missing), got.Refused)
		}
	}
	if got := ada.vector(ref); len(got) != 0 {
		t.Errorf("stored %v", got)
	}
	if got := ada.takes(ref, mal.bundle(ref, first), mal); got.Accepted != 1 {
		t.Errorf("the change below: %+v", got)
	}
}

// A long chain and a wide fan are the worst that a bundle can be to walk.
func TestLongAndWideHistoriesAreTakenInQuickly(t *testing.T) {
	ada, mal := newDevice(t, "Ada"), newDevice(t, "Mal")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, mal)
	p := mal.picksUp(ref)
	chain := p.writesMany(20_000)
	slices.Reverse(chain)
	bundle := crdt.Bundle{Signatures: crdt.SignNewest(mal.key, ref, chain)}
	for _, c := range chain {
		bundle.Changes = append(bundle.Changes, c.Raw)
	}
	if got := ada.takes(ref, bundle, mal); got.Accepted != len(chain) {
		t.Fatalf("accepted %d, refused %v", got.Accepted, got.Refused)
	}
	wide := []chunk.Change{}
	for i := range 300 {
		beside := &pen{t: t, actor: chunk.Actor(fmt.Sprintf("another program %03d", i)), heads: p.heads, maxOp: p.maxOp}
		wide = append(wide, beside.writes("beside"))
	}
	heads := make([]chunk.Hash, len(wide))
	for i, c := range wide {
		heads[i] = c.Hash
	}
	slices.SortFunc(heads, chunk.Hash.Compare)
	last := &pen{t: t, actor: p.actor, seq: p.seq, heads: heads, maxOp: p.maxOp + 1}
	wide = append(wide, last.writes("all together"))
	if got := ada.takes(ref, mal.bundle(ref, wide...), mal); got.Accepted != len(wide) {
		t.Fatalf("accepted %d, refused %v", got.Accepted, got.Refused)
	}
}

// TestASnapshotWithAnothersSignatures offers a sound snapshot under signatures
// of changes that it does not hold, and of more than it holds.
func TestASnapshotWithAnothersSignatures(t *testing.T) {
	ada, ben, mal := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands(), newDevice(t, "Mal").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben, mal)
	mals := mal.picksUp(ref)
	again := *mals
	mal.commits(ref, mals.writesMany(300)...)
	mal.compacts(ref)
	mal.restarts()
	bundle, _, err := mal.store.Since(t.Context(), ref, nil, 1<<20)
	if err != nil || len(bundle.Snapshots) != 1 {
		t.Fatal(len(bundle.Snapshots), err)
	}
	others := again.writesMany(301)
	for name, signed := range map[string][]crdt.Signature{
		"of a change under the same number that is not in it": {crdt.Sign(mal.key, ref, others[299])},
		"of a later change": {crdt.Sign(mal.key, ref, others[300])},
		"of nothing":        nil,
	} {
		got := ben.takes(ref, crdt.Bundle{Snapshots: bundle.Snapshots, Signatures: signed}, mal)
		if got.Accepted != 0 || len(got.Refused) != 1 || !got.Refused[0].Reason.Forged() {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := ben.takes(ref, bundle, mal); got.Accepted != 300 {
		t.Errorf("the honest one: %+v", got)
	}
	chunks, _, err := ben.store.Load(ref)
	if err != nil || !slices.ContainsFunc(chunks, func(raw []byte) bool { return bytes.Equal(raw, bundle.Snapshots[0]) }) {
		t.Error("the snapshot is not there", err)
	}
}
