package crdt_test

import (
	"bytes"
	"fmt"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// forged is a change by a pen, with the smaller hash of two if smaller, or the
// larger one: of equals the smallest wins a fork.
func (p *pen) forged(than chunk.Hash, smaller bool) (forged chunk.Change) {
	for i := range 400 {
		try := *p
		forged = try.writes(fmt.Sprint("what nobody may write ", i))
		if (bytes.Compare(forged.Hash[:], than[:]) < 0) == smaller {
			break
		}
	}
	return forged
}

// broughtIn are a facilitator and two editors with a document that one of them
// brought in, whose author is nobody here, a reader, and a pen that writes as
// that author in the place of their last change.
func broughtIn(t *testing.T) (ref crdt.Ref, ada, ben, xan, rex *device, xans, fork *pen, first, second chunk.Change, all []chunk.Change) {
	t.Helper()
	ref, ada, ben, xan, _, _, xans, all = threeAtWork(t)
	rex = newDevice(t, "Rex").understands()
	ada.admits(ref.Space, space.Reader, rex)
	elsewhere := &pen{t: t, actor: "somebody elsewhere"}
	elsewhere.readsAll(ben, ref)
	first = elsewhere.writes("imported one")
	again := *elsewhere
	second = elsewhere.writes("imported two")
	ben.commits(ref, first, second)
	meets(ref, ada, ben, xan)
	rex.catchesUp(ref, ada, 1<<20)
	return ref, ada, ben, xan, rex, xans, &again, first, second, append(all, first, second)
}

// A reader's change under a number of an imported actor is set aside by those
// whom it reaches, and stays so when one of them judges the whole document.
func TestAReadersForkOfAnImportNeverCounts(t *testing.T) {
	for _, smaller := range []bool{true, false} {
		for _, compacted := range []bool{true, false} {
			ref, ada, ben, xan, rex, xans, fork, _, second, all := broughtIn(t)
			forged := fork.forged(second.Hash, smaller)
			for _, d := range []*device{ada, ben} {
				d.takes(ref, rex.bundle(ref, forged), rex)
			}
			if compacted {
				ben.compacts(ref)
			}
			ada.removes(ref.Space, xan)
			late := xans.writesMany(3)
			xan.commits(ref, late...)
			ben.pulls(ref, xan) // who has not heard of it
			ada.takes(ref, xan.bundle(ref, late...), xan)
			meets(ref, ada, ben)
			for _, d := range []*device{ada, ben} {
				d.holdsExactly(ref, all)
				if got := d.aside(ref)[forged.Hash]; got != crdt.ReasonRole {
					t.Errorf("what a reader wrote is aside at %s for %d", d.name, got)
				}
			}
			agree(ref, ada, ben)
		}
	}
}

// What a cut has left of an imported actor is what somebody brought in who might
// write, and not what a reader writes under the same numbers.
func TestAReaderDoesNotWriteAsAnImportedActorWithinACut(t *testing.T) {
	ref, ada, ben, xan, rex, _, fork, _, second, all := broughtIn(t)
	ada.archives(ref.Space, true)
	meets(ref, ada, ben, xan)
	forged := fork.forged(second.Hash, true)
	for _, d := range []*device{ada, ben} {
		if got := d.takes(ref, rex.bundle(ref, forged), rex); got.Accepted != 0 {
			t.Errorf("%+v", got)
		}
		d.settles(ref)
		d.holdsExactly(ref, all)
	}
	ada.archives(ref.Space, false)
	meets(ref, ada, ben, xan)
	for _, d := range []*device{ada, ben, xan} {
		d.settles(ref)
		d.holdsExactly(ref, all)
	}
	agree(ref, ada, ben, xan)
}

// Nor is it what a key has signed that is nobody's.
func TestAStrangerDoesNotWriteAsAnImportedActorWithinACut(t *testing.T) {
	ref, ada, ben, xan, _, _, _, _ := threeAtWork(t)
	stranger := newDevice(t, "Stranger")
	elsewhere := &pen{t: t, actor: "somebody elsewhere"}
	elsewhere.readsAll(ben, ref)
	first := elsewhere.writes("imported one")
	fork := *elsewhere
	second := elsewhere.writes("imported two")
	ben.commits(ref, first)
	ben.commits(ref, second)
	xan.takes(ref, ben.bundle(ref, first), ben) // and not the second
	ada.pulls(ref, ben)
	ada.archives(ref.Space, true)
	xan.hears(ref.Space, ada)
	xan.judges(ref.Space)
	forged := fork.writes("a stranger was here")
	got := xan.takes(ref, crdt.Bundle{Changes: [][]byte{forged.Raw}, Signatures: []crdt.Signature{crdt.Sign(stranger.key, ref, forged)}}, ada)
	if got.Accepted > 0 {
		t.Error("in an archived space a change counts that a device signed which never was a member")
	}
	meets(ref, ada, ben, xan)
	agree(ref, ada, ben, xan)
	if !xan.hashes(ref)[second.Hash] || xan.hashes(ref)[forged.Hash] {
		t.Error("the import does not stand, or what a stranger wrote does")
	}
}

// A reader who signs what somebody else has brought in takes nothing from that,
// in whatever order the two signatures come, and adds nothing to it.
func TestWhoSignsWhatOthersVouchedForChangesNothing(t *testing.T) {
	for order := range 3 {
		ref, ada, ben, xan, _, _, _, all := threeAtWork(t)
		rex, cem := newDevice(t, "Rex"), newDevice(t, "Cem").understands()
		ada.admits(ref.Space, space.Editor, cem)
		ada.admits(ref.Space, space.Reader, rex)
		cem.pulls(ref, ada)
		cem.hears(ref.Space, ada)
		elsewhere := &pen{t: t, actor: "somebody elsewhere"}
		elsewhere.readsAll(ben, ref)
		first := elsewhere.writes("imported one")
		second := elsewhere.writes("imported two")
		ben.commits(ref, first, second)
		all = append(all, first, second)
		meets(ref, ada, ben, xan)
		by, his := ben.bundle(ref, first, second), rex.bundle(ref, first, second)
		both := crdt.Bundle{Changes: by.Changes, Signatures: append(append([]crdt.Signature{}, his.Signatures...), by.Signatures...)}
		switch order {
		case 0:
			cem.takes(ref, his, rex)
			cem.takes(ref, by, ben)
		case 1:
			cem.takes(ref, by, ben)
			cem.takes(ref, his, rex)
		default:
			cem.takes(ref, both, rex)
		}
		cem.holdsExactly(ref, all)
		ada.removes(ref.Space, ben)
		meets(ref, ada, xan, cem)
		for _, d := range []*device{ada, xan, cem} {
			d.holdsExactly(ref, all)
		}
		agree(ref, ada, xan, cem)
	}
}

// What vouches for the end of a snapshot may have come back beside it. A newcomer
// gets both together.
func TestASnapshotAndWhatCameBackAndVouchesForItAreSentTogether(t *testing.T) {
	ref, ada, ben, xan, _, _, xans, all := threeAtWork(t)
	ada.removes(ref.Space, xan) // at his fourth change
	late := xans.writesMany(6)
	xan.commits(ref, late...)
	ben.pulls(ref, xan)
	if err := ben.store.CompactWhole(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	meets(ref, ben, ada)
	ben.holdsExactly(ref, all)
	ada.takes(ref, xan.bundle(ref, late...), xan)
	ada.letsIn(ref, late[5].Hash)
	meets(ref, ada, ben)
	cem := newDevice(t, "Cem").understands()
	ada.admits(ref.Space, space.Editor, cem)
	ben.hears(ref.Space, ada)
	cem.judges(ref.Space)
	cem.pulls(ref, ben)
	cem.holdsExactly(ref, all, late)
	agree(ref, ada, ben, cem)
}
