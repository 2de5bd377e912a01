package crdt_test

import (
	"errors"
	"maps"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// inTheNameOf writes as an actor of somebody else, on top of what is here.
func (d *device) inTheNameOf(other *device, ref crdt.Ref) *pen {
	d.t.Helper()
	actor := space.ActorFor(ref.Space, other.key.Device(), 0)
	p := &pen{t: d.t, actor: chunk.Actor(actor[:])}
	p.reads(d, ref)
	return p
}

// Ada has not heard of Xan's join when she takes Mal's word for a change of
// Xan's. She builds on it: whoever comes later takes it from her.
func TestWhatWasVouchedForInGoodFaithShutsNobodyOut(t *testing.T) {
	ada, mal, xan, yan := newDevice(t, "Ada").understands(), newDevice(t, "Mal").understands(),
		newDevice(t, "Xan").understands(), newDevice(t, "Yan").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, mal)
	hers := ada.picksUp(ref)
	ada.commits(ref, hers.writesMany(3)...)
	mal.catchesUp(ref, ada, 1<<20)
	early := mal.inTheNameOf(xan, ref)
	if got := ada.takes(ref, mal.bundle(ref, early.writes("in Xan's name")), mal); got.Accepted != 1 {
		t.Fatalf("%+v", got)
	}
	hers.reads(ada, ref)
	ada.commits(ref, hers.writesMany(30)...)
	ada.admits(ref.Space, space.Editor, xan, yan)

	xan.catchesUp(ref, ada, 1<<20)
	ada.compacts(ref)
	b, _, err := ada.store.Since(t.Context(), ref, nil, 1<<20)
	if err != nil || len(b.Snapshots) != 1 {
		t.Fatalf("%d snapshots, %v", len(b.Snapshots), err)
	}
	yan.catchesUp(ref, ada, 1<<20)

	// Xan writes, as another actor, and everybody takes it.
	xans := xan.picksUp(ref)
	if xans.actor == early.actor {
		t.Fatal("Xan goes on with what Mal began in his name")
	}
	xan.commits(ref, xans.writes("really Xan"))
	for _, d := range []*device{ada, yan} {
		d.catchesUp(ref, xan, 1<<20)
		if !maps.Equal(d.history(ref), xan.history(ref)) {
			t.Fatalf("%s and Xan hold different things", d.name)
		}
	}
}

// Once the join is known, nobody takes a change in another member's name,
// neither alone nor in a snapshot; what comes with it is taken.
func TestNobodyWritesInTheNameOfAMember(t *testing.T) {
	ada, mal, xan := newDevice(t, "Ada").understands(), newDevice(t, "Mal").understands(), newDevice(t, "Xan").understands()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, mal) // who does not hear of Xan
	hers := ada.picksUp(ref)
	ada.commits(ref, hers.writesMany(3)...)
	mal.catchesUp(ref, ada, 1<<20)
	ada.admits(ref.Space, space.Editor, xan)
	mals := mal.picksUp(ref)
	mal.commits(ref, mals.writesMany(2)...)
	forged := mal.inTheNameOf(xan, ref).writes("in Xan's name")
	above := *mals
	above.heads, above.maxOp = []chunk.Hash{forged.Hash}, forged.MaxOp
	for _, b := range []crdt.Bundle{mal.bundle(ref, forged), mal.bundle(ref, forged, above.change(mals.seq+1, above.heads, "on top of it"))} {
		if got := xan.takes(ref, b, mal); got.Accepted != 0 {
			t.Fatalf("%+v", got)
		}
	}
	if got := mal.takes(ref, mal.bundle(ref, forged), mal); got.Accepted != 1 {
		t.Fatalf("%+v", got)
	}
	mal.compacts(ref)
	b, _, err := mal.store.Since(t.Context(), ref, nil, 1<<20)
	if err != nil || len(b.Snapshots) != 1 {
		t.Fatalf("%d snapshots, %v", len(b.Snapshots), err)
	}
	for _, d := range []*device{ada, xan} {
		got := d.takes(ref, b, mal)
		if !errors.Is(got.Err(), crdt.ReasonActor) || got.Refused[0].Reason.Forged() {
			t.Fatalf("%+v", got)
		}
		if v := d.vector(ref); v[mals.actor] != 2 || v[hers.actor] != 3 || v[forged.Actor] != 0 {
			t.Fatalf("%s has %v", d.name, v)
		}
	}
}
