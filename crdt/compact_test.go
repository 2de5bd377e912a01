package crdt_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// understands gives a device a materializer, and few changes to keep.
func (d *device) understands() *device {
	d.t.Helper()
	child := materialize.New(materialize.Options{})
	d.t.Cleanup(func() {
		if err := child.Close(); err != nil {
			d.t.Error(err)
		}
	})
	d.options.Materializer = child
	d.options.KeepLoose = 4
	d.restarts()
	return d
}

func (d *device) compacts(ref crdt.Ref) {
	d.t.Helper()
	if err := d.store.Compact(d.t.Context(), ref); err != nil {
		d.t.Fatal(err)
	}
}

func (d *device) chunks(ref crdt.Ref) (snapshots, changes int) {
	d.t.Helper()
	chunks, _, err := d.store.Load(ref)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, raw := range chunks {
		if _, err := chunk.ParseSnapshot(raw, chunk.DefaultLimits); err == nil {
			snapshots++
		} else {
			changes++
		}
	}
	return snapshots, changes
}

// history lists the hashes of all changes of a part, in snapshots too.
func (d *device) history(ref crdt.Ref) map[chunk.Hash]bool {
	d.t.Helper()
	chunks, _, err := d.store.Load(ref)
	if err != nil {
		d.t.Fatal(err)
	}
	child := materialize.New(materialize.Options{})
	defer child.Close()
	all, err := child.Changes(d.t.Context(), chunks, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	hashes := make(map[chunk.Hash]bool)
	for _, raw := range all {
		c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			d.t.Fatal(err)
		}
		hashes[c.Hash] = true
	}
	return hashes
}

func (p *pen) writesMany(n int) (changes []chunk.Change) {
	for i := range n {
		// What cannot be compressed keeps a snapshot larger than a few changes.
		changes = append(changes, p.writes(fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i), byte(n)}))))
	}
	return changes
}

func TestCompactionKeepsEverythingAndServesEveryone(t *testing.T) {
	ada, ben, cem := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands(), newDevice(t, "Cem").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben, cem)
	pen := ada.picksUp(ref)
	ada.commits(ref, pen.writesMany(20)...)
	cem.catchesUp(ref, ada, 1<<20)
	_, window, err := ada.store.Load(ref)
	if err != nil {
		t.Fatal(err)
	}
	ada.commits(ref, pen.writesMany(30)...)
	want := ada.history(ref)
	digest := ada.store.Digest(ref.Space)

	ada.compacts(ref)
	if snapshots, changes := ada.chunks(ref); snapshots != 1 || changes != 0 {
		t.Fatalf("%d snapshots and %d changes", snapshots, changes)
	}
	if !maps.Equal(ada.history(ref), want) || ada.store.Digest(ref.Space) != digest {
		t.Fatal("compaction changed the document")
	}
	ada.restarts()
	if !maps.Equal(ada.history(ref), want) || ada.store.Digest(ref.Space) != digest {
		t.Fatal("compaction did not last")
	}

	// A window that was behind gets the snapshot, one that was just behind the changes.
	if chunks, next, err := ada.store.After(ref, window); err != nil || len(chunks) != 1 || next < window {
		t.Fatalf("%d chunks, %v", len(chunks), err)
	}
	_, now, _ := ada.store.Load(ref)
	if chunks, _, err := ada.store.After(ref, now-3); err != nil || len(chunks) != 3 {
		t.Fatalf("%d chunks, %v", len(chunks), err)
	}

	// Someone new gets the snapshot, someone with most of it single changes.
	b, more, err := ada.store.Since(t.Context(), ref, nil, 1<<20)
	if err != nil || len(b.Snapshots) != 1 || len(b.Changes) != 0 || more {
		t.Fatalf("%d snapshots, %d changes, more %v, %v", len(b.Snapshots), len(b.Changes), more, err)
	}
	most := ada.vector(ref)
	most[pen.actor] -= 7
	b, more, err = ada.store.Since(t.Context(), ref, most, 1<<20)
	if err != nil || len(b.Snapshots) != 0 || len(b.Changes) != 7 || more {
		t.Fatalf("%d snapshots, %d changes, more %v, %v", len(b.Snapshots), len(b.Changes), more, err)
	}
	ben.catchesUp(ref, ada, 1<<20)
	cem.catchesUp(ref, ada, 1<<20)
	for _, d := range []*device{ben, cem} {
		if !maps.Equal(d.history(ref), want) || d.store.Digest(ref.Space) != digest {
			t.Fatalf("%s holds something else", d.name)
		}
	}

	// Life goes on after it, also for who holds only the snapshot.
	later := pen.writesMany(3)
	ada.commits(ref, later...)
	ben.catchesUp(ref, ada, 1)
	cem.catchesUp(ref, ben, 1)
	if cem.store.Digest(ref.Space) != ada.store.Digest(ref.Space) {
		t.Fatal("Cem did not get what came after")
	}
}

func TestAChangeMayBuildOnWhatLiesInASnapshot(t *testing.T) {
	ada, ben := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	adas := ada.picksUp(ref)
	first := adas.writes("before Ben wrote")
	ada.commits(ref, first)
	ben.catchesUp(ref, ada, 1)
	bens := ben.picksUp(ref)
	ben.commits(ref, bens.writesMany(1)...)
	ada.catchesUp(ref, ben, 1)
	adas.reads(ada, ref)
	old := adas.writes("what Ben will build on")
	ada.commits(ref, old)
	ben.catchesUp(ref, ada, 1)
	ada.commits(ref, adas.writesMany(40)...)
	ada.compacts(ref)
	ada.restarts() // forgets what it knew of the changes inside
	beside := bens.change(bens.seq+1, []chunk.Hash{first.Hash}, "beside his own")
	if got := ada.takes(ref, ben.bundle(ref, beside), ben); !errors.Is(got.Err(), crdt.ReasonSequence) {
		t.Fatalf("%+v", got)
	}
	bens.heads, bens.maxOp = []chunk.Hash{old.Hash}, old.MaxOp
	late := bens.writesMany(2)
	if got := ada.takes(ref, ben.bundle(ref, late...), ben); got.Accepted != 2 || got.Err() != nil {
		t.Fatalf("%+v", got)
	}
	unknown := *bens
	unknown.heads = []chunk.Hash{{1, 2, 3}}
	if got := ada.takes(ref, ben.bundle(ref, unknown.writes("on nothing")), ben); got.Accepted != 0 || len(got.Missing) != 1 {
		t.Fatalf("%+v", got)
	}
	ben.commits(ref, late...)
	ada.compacts(ref)
	ada.restarts()
	ben.catchesUp(ref, ada, 1<<20)
	if !maps.Equal(ada.history(ref), ben.history(ref)) {
		t.Fatal("they hold different things")
	}
}

// Somebody goes on from a backup, or lies: another change has a number that
// lies in a snapshot by now. It is no duplicate, and nothing may build on it.
func TestAForkOfWhatLiesInASnapshotIsSetAside(t *testing.T) {
	ada, ben, mal := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands(), newDevice(t, "Mal").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben, mal)
	mals := mal.picksUp(ref)
	first := mals.writes("one")
	before := *mals
	second := mals.writes("two")
	mal.commits(ref, append([]chunk.Change{first, second}, mals.writesMany(20)...)...)
	ada.catchesUp(ref, mal, 1<<20)
	ada.compacts(ref)
	ada.restarts() // forgets what it knew of the changes inside
	want := ada.history(ref)

	fork := before.writes("another two")
	other := space.ActorFor(ref.Space, mal.key.Device(), 7)
	beside := &pen{t: t, actor: chunk.Actor(other[:]), maxOp: fork.MaxOp, heads: []chunk.Hash{fork.Hash}}
	above := beside.writes("built on the fork")
	for _, b := range []crdt.Bundle{mal.bundle(ref, fork, above), mal.bundle(ref, fork), mal.bundle(ref, above)} {
		got := ada.takes(ref, b, mal)
		if got.Accepted != 0 || !bytes.Equal(b.Changes[0], above.Raw) && !errors.Is(got.Err(), crdt.ReasonFork) && !errors.Is(got.Err(), crdt.ReasonForked) {
			t.Fatalf("%+v", got)
		}
		if slices.ContainsFunc(got.Refused, func(q crdt.Quarantined) bool { return q.Reason.Forged() }) {
			t.Fatalf("an honest device would be turned away: %+v", got)
		}
	}
	list, err := ada.store.Quarantine(ref.Space)
	aside := make(map[chunk.Hash]crdt.Reason)
	for _, q := range list {
		aside[q.Hash] = q.Reason
	}
	if err != nil || !maps.Equal(aside, map[chunk.Hash]crdt.Reason{fork.Hash: crdt.ReasonFork, above.Hash: crdt.ReasonForked}) {
		t.Fatalf("in quarantine: %+v, %v", list, err)
	}
	// What is there already is still told from it.
	if got := ada.takes(ref, mal.bundle(ref, second), mal); got.Accepted != 0 || got.Err() != nil || len(got.Missing) != 0 {
		t.Fatalf("%+v", got)
	}
	if !maps.Equal(ada.history(ref), want) {
		t.Fatal("the document has changed")
	}
	ben.catchesUp(ref, ada, 1<<20)

	// A snapshot that holds the fork is taken apart, and nothing in it is lost.
	cem := newDevice(t, "Cem").understands()
	ada.admits(ref.Space, space.Editor, cem)
	for _, b := range []crdt.Bundle{mal.bundle(ref, first), mal.bundle(ref, append([]chunk.Change{fork, above}, before.writesMany(30)...)...)} {
		if got := cem.takes(ref, b, mal); got.Err() != nil {
			t.Fatal(got.Err())
		}
	}
	cem.compacts(ref)
	theirs, _, err := cem.store.Since(t.Context(), ref, nil, 1<<20)
	if err != nil || len(theirs.Snapshots) != 1 {
		t.Fatalf("%d snapshots, %v", len(theirs.Snapshots), err)
	}
	got := ada.takes(ref, theirs, cem)
	if got.Accepted != 0 || got.Quarantined != 32 || got.Refused[0].Reason.Forged() {
		t.Fatalf("%+v", got)
	}
	ada.compacts(ref)
}

func TestASnapshotThatLiesIsRefused(t *testing.T) {
	ada, ben := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	hers := ada.picksUp(ref)
	ada.commits(ref, hers.writesMany(5)...)
	ada.compacts(ref)
	honest, _, err := ada.store.Since(t.Context(), ref, nil, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	// Ben rewrites Ada's history and gives it her signature.
	forger := &pen{t: t, actor: hers.actor}
	child := materialize.New(materialize.Options{})
	defer child.Close()
	var forged [][]byte
	for range 5 {
		forged = append(forged, forger.writes("forged").Raw)
	}
	snapshot, err := child.Compact(t.Context(), forged)
	if err != nil {
		t.Fatal(err)
	}
	lie := honest
	lie.Snapshots = [][]byte{snapshot}
	if got := ben.takes(ref, lie, ada); got.Accepted != 0 || !errors.Is(got.Err(), crdt.ReasonNotVouched) {
		t.Fatalf("%+v", got)
	}
	cut := honest
	cut.Snapshots = [][]byte{honest.Snapshots[0][:len(honest.Snapshots[0])-3]}
	if got := ben.takes(ref, cut, ada); !errors.Is(got.Err(), crdt.ReasonMalformed) {
		t.Fatalf("%+v", got)
	}
	unsigned := honest
	unsigned.Signatures = nil
	if got := ben.takes(ref, unsigned, ada); !errors.Is(got.Err(), crdt.ReasonNotVouched) {
		t.Fatalf("%+v", got)
	}
	if got := ben.takes(ref, honest, ada); got.Accepted != 5 || got.Err() != nil {
		t.Fatalf("%+v", got)
	}
}

func TestSnapshotsOfTwoPeersAreJoined(t *testing.T) {
	ada, ben := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	adas := ada.picksUp(ref)
	ada.commits(ref, adas.writesMany(3)...)
	ben.catchesUp(ref, ada, 1)
	bens := ben.picksUp(ref)
	// Apart, both write and compact.
	ada.commits(ref, adas.writesMany(30)...)
	ben.commits(ref, bens.writesMany(20)...)
	ada.compacts(ref)
	ben.compacts(ref)
	_, window, err := ada.store.Load(ref)
	if err != nil {
		t.Fatal(err)
	}
	ada.catchesUp(ref, ben, 1<<20)
	ben.catchesUp(ref, ada, 1<<20)
	if snapshots, _ := ada.chunks(ref); snapshots != 2 {
		t.Fatalf("%d snapshots, want hers and his", snapshots)
	}
	if chunks, next, err := ada.store.After(ref, window); err != nil || len(chunks) != 1 || next <= window {
		t.Fatalf("%d chunks for her window, %v", len(chunks), err)
	}
	// Both go on, on top of both; then compaction makes one of the two.
	adas.heads = append(adas.heads, bens.heads...)
	adas.maxOp = max(adas.maxOp, bens.maxOp)
	ada.commits(ref, adas.writesMany(2)...)
	ben.catchesUp(ref, ada, 1)
	ada.compacts(ref)
	ada.restarts()
	if snapshots, changes := ada.chunks(ref); snapshots != 1 || changes != 0 {
		t.Fatalf("%d snapshots and %d changes", snapshots, changes)
	}
	if got := ada.history(ref); len(got) != 55 || !maps.Equal(got, ben.history(ref)) {
		t.Fatalf("%d changes, and they hold different things", len(got))
	}
	if ada.store.Digest(ref.Space) != ben.store.Digest(ref.Space) {
		t.Fatal("the digests differ")
	}
}

// The document in chunk/testdata was made by Automerge JS, by two actors that
// are no devices.
func TestADocumentOfAnotherProgram(t *testing.T) {
	saved, err := os.ReadFile("chunk/testdata/changes.bin")
	if err != nil {
		t.Fatal(err)
	}
	parts, err := chunk.Split(saved, chunk.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	var changes []chunk.Change
	for _, raw := range parts {
		changes = append(changes, (&pen{t: t}).parse(raw))
	}
	ada, ben, cem := newDevice(t, "Ada").understands(), newDevice(t, "Ben"), newDevice(t, "Cem").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben, cem)
	receipt, err := ada.store.Append(t.Context(), ref, ada.bundle(ref, changes...), crdt.Import, ada.key.Device())
	if err != nil || receipt.Accepted != len(changes) || receipt.Err() != nil {
		t.Fatalf("%+v, %v", receipt, err)
	}
	ben.catchesUp(ref, ada, 1)
	ada.compacts(ref)
	ada.restarts()
	cem.catchesUp(ref, ada, 1<<20)
	for _, d := range []*device{ada, ben, cem} {
		if got := d.history(ref); len(got) != len(changes) || !got[changes[len(changes)-1].Hash] {
			t.Errorf("%s holds %d changes of %d", d.name, len(got), len(changes))
		}
		if d.store.Digest(ref.Space) != ada.store.Digest(ref.Space) {
			t.Errorf("%s has another digest", d.name)
		}
	}
}
