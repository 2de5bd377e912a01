package crdt_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// Of an actor whose later changes do not count, nothing but these is signed any
// more where they were compacted. What counts is handed on all the same.
func TestWhatIsExcludedVouchesForWhatIsNot(t *testing.T) {
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
	if err := ben.store.CompactWhole(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	ben.isWhole()

	// It goes from hand to hand.
	hand := ben
	for _, name := range []string{"Cem", "Dora"} {
		next := newDevice(t, name).understands()
		ada.admits(ref.Space, space.Editor, next)
		hand.hears(ref.Space, ada)
		next.judges(ref.Space)
		next.pulls(ref, hand)
		next.holdsExactly(ref, all)
		agree(ref, ben, hand, next)
		for _, c := range late {
			if reason := next.aside(ref)[c.Hash]; reason != 0 && reason != crdt.ReasonRemoved {
				t.Errorf("%v", reason)
			}
		}
		next.compacts(ref)
		hand = next
	}
	// And is signed for by itself again where it is let in.
	ada.takes(ref, xan.bundle(ref, late...), xan)
	ada.letsIn(ref, late[5].Hash)
	meets(ref, ada, ben, hand)
	for _, d := range []*device{ada, ben, hand} {
		d.holdsExactly(ref, all, late)
		if len(d.aside(ref)) > 0 {
			t.Errorf("%s keeps something aside", d.name)
		}
	}
	agree(ref, ada, ben, hand)
}

// What a removed member vouched for counts up to the cut, as what they wrote.
func TestWhatARemovedMemberVouchedForStandsUpToTheCut(t *testing.T) {
	ref, ada, ben, xan, _, _, _, all := threeAtWork(t)
	elsewhere := &pen{t: t, actor: "somebody elsewhere"}
	elsewhere.readsAll(xan, ref)
	early := elsewhere.writesMany(2)
	xan.commits(ref, early...)
	ada.pulls(ref, xan)
	ben.pulls(ref, xan)
	ada.removes(ref.Space, xan)
	late := elsewhere.writesMany(2)
	xan.commits(ref, late...)
	ben.pulls(ref, xan)
	ben.compacts(ref)
	meets(ref, ada, ben)
	for _, d := range []*device{ada, ben} {
		d.holdsExactly(ref, all, early)
	}
	ben.isAside(ref, crdt.ReasonRemoved, late...)

	// Somebody who may write vouches for the same.
	got := ada.takes(ref, ben.bundle(ref, append(early, late...)...), ben)
	if got.Accepted != 2 || got.Err() != nil {
		t.Fatalf("%+v", got)
	}
	meets(ref, ada, ben)
	for _, d := range []*device{ada, ben} {
		d.holdsExactly(ref, all, early, late)
		if len(d.aside(ref)) > 0 {
			t.Errorf("%s keeps something aside", d.name)
		}
	}
	agree(ref, ada, ben)
}

// A removed member has told two something else under one number, after the cut.
// Neither counts, until somebody who may write builds on one of them.
func TestForksOfSomebodyRemoved(t *testing.T) {
	ref, ada, ben, xan, _, his, xans, all := threeAtWork(t)
	ada.removes(ref.Space, xan)
	again := *xans
	one, other := xans.writes("one"), again.writes("another")
	ada.takes(ref, xan.bundle(ref, one), xan)
	ben.takes(ref, xan.bundle(ref, other), xan)
	ben.takes(ref, xan.bundle(ref, one), xan) // set aside, as a fork
	meets(ref, ada, ben)
	for _, d := range []*device{ada, ben} {
		d.holdsExactly(ref, all)
	}
	agree(ref, ada, ben)
	ben.isAside(ref, crdt.ReasonRemoved, one, other)

	his.reads(ben, ref)
	his.heads = sorted(append(his.heads, other.Hash)...)
	his.maxOp = max(his.maxOp, other.MaxOp)
	on := his.writes("built on the other")
	if got := ben.takes(ref, ben.bundle(ref, on), ben); got.Accepted != 2 || got.Err() != nil {
		t.Fatalf("%+v", got)
	}
	meets(ref, ada, ben)
	for _, d := range []*device{ada, ben} {
		d.holdsExactly(ref, all, []chunk.Change{other, on})
		d.isAside(ref, crdt.ReasonRemoved, one)
	}
	agree(ref, ada, ben)

	// Once he belongs to it again, both are his word, and a fork.
	addsAgain(ada, ref.Space, xan, space.Editor)
	meets(ref, ada, ben)
	for _, d := range []*device{ada, ben} {
		d.holdsExactly(ref, all, []chunk.Change{other, on})
		d.isAside(ref, crdt.ReasonFork, one)
	}
	agree(ref, ada, ben)
	// And the other way.
	ada.removes(ref.Space, xan)
	meets(ref, ada, ben)
	agree(ref, ada, ben)
}

func addsAgain(d *device, id space.ID, other *device, role space.Role) {
	d.t.Helper()
	entries, err := addAgain(d, d.log(id), other, role)
	d.says(id, entries, err)
}

func TestAPromotionAdmitsWhatWasRefusedBefore(t *testing.T) {
	ref, ada, ben, xan, _, _, xans, all := threeAtWork(t)
	ada.makes(ref.Space, xan, space.Reader)
	late := xans.writesMany(3)
	xan.commits(ref, late...) // he has not heard of it
	ben.pulls(ref, xan)
	meets(ref, ada, ben, xan)
	for _, d := range []*device{ben, xan} {
		d.holdsExactly(ref, all)
		d.isAside(ref, crdt.ReasonRole, late...)
	}
	// He knows now, and his window is told so.
	next := xan.picksUp(ref)
	if next.actor == xans.actor {
		t.Error("he goes on under numbers that others may know otherwise")
	}
	got, err := xan.store.Append(t.Context(), ref, xan.bundle(ref, next.writes("x")), crdt.Local, xan.key.Device())
	if err != nil || !errors.Is(got.Err(), crdt.ReasonRole) {
		t.Fatalf("%+v, %v", got, err)
	}
	ada.makes(ref.Space, xan, space.Editor)
	meets(ref, ada, ben, xan)
	for _, d := range []*device{ada, ben, xan} {
		if v := d.vector(ref); v[xans.actor] != 7 || v[next.actor] != 1 {
			t.Errorf("%s has %v", d.name, v)
		}
		if len(d.aside(ref)) > 0 {
			t.Errorf("%s keeps something aside", d.name)
		}
	}
	agree(ref, ada, ben, xan)
}

func TestAnArchivedSpaceKeepsWhatItHeld(t *testing.T) {
	ref, ada, ben, xan, hers, his, _, all := threeAtWork(t)
	more := hers.writesMany(2)
	ada.commits(ref, more...)
	ada.archives(ref.Space, true)
	late := his.writesMany(2) // at the same time
	ben.commits(ref, late...)
	xan.pulls(ref, ben)
	meets(ref, ada, ben, xan)
	for _, d := range []*device{ada, ben, xan} {
		d.holdsExactly(ref, all, more)
	}
	ben.isAside(ref, crdt.ReasonArchived, late...)
	xan.isAside(ref, crdt.ReasonArchived, late...)
	got, err := ada.store.Append(t.Context(), ref, ada.bundle(ref, hers.writes("too late")), crdt.Local, ada.key.Device())
	if err != nil || !errors.Is(got.Err(), crdt.ReasonArchived) {
		t.Fatalf("%+v, %v", got, err)
	}
	meets(ref, ada, ben, xan)
	likewise(ref, ada, ben, xan)
	ada.archives(ref.Space, false)
	meets(ref, ada, ben, xan)
	for _, d := range []*device{ada, ben, xan} {
		if len(d.aside(ref)) > 0 || d.vector(ref)[his.actor] != 4 || d.vector(ref)[hers.actor] != 6 {
			t.Errorf("%s: %v", d.name, d.vector(ref))
		}
	}
	agree(ref, ada, ben, xan)
}

func TestWhatAFacilitatorSeesInQuarantineCanBeLetIn(t *testing.T) {
	ref, ada, ben, xan, _, _, xans, all := threeAtWork(t)
	ada.removes(ref.Space, xan)
	late := []chunk.Change{xans.types("Good morning"), xans.types("everybody"), xans.types("!")}
	for _, c := range late {
		ada.takes(ref, xan.bundle(ref, c), xan)
	}
	list, err := ada.store.Quarantine(ref.Space)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d, %v", len(list), err)
	}
	for _, q := range list {
		if q.Device != xan.key.Device() || q.Ref != ref || !q.Admissible || q.From != xan.key.Device() || q.Time.IsZero() {
			t.Errorf("%+v", q)
		}
	}
	content, err := ada.store.QuarantinedContent(crdt.QuarantinedID{Ref: ref, Hash: late[1].Hash})
	if err != nil || content.Text != "everybody" || content.Letters != 9 || content.Operations != 10 {
		t.Errorf("%+v, %v", content, err)
	}
	if _, err := ada.store.QuarantinedContent(crdt.QuarantinedID{Ref: ref}); !errors.Is(err, crdt.ErrNotKept) {
		t.Error(err)
	}
	if _, err := ada.store.AdmitCut(t.Context(), ref.Space, []crdt.QuarantinedID{{Ref: ref, Hash: all[0].Hash}}); !errors.Is(err, crdt.ErrNotKept) {
		t.Error(err)
	}
	ada.letsIn(ref, late[1].Hash)
	meets(ref, ada, ben)
	for _, d := range []*device{ada, ben} {
		d.holdsExactly(ref, all, late[:2])
	}
	ada.isAside(ref, crdt.ReasonRemoved, late[2])
	agree(ref, ada, ben)
}

// types makes a change that puts letters into a text of its own.
func (p *pen) types(words string) chunk.Change {
	p.t.Helper()
	text := chunk.ID{Counter: p.maxOp + 1}
	ops := []chunk.Op{{Key: chunk.Key{Name: words, IsName: true}, Action: chunk.MakeText}}
	for i, letter := range []byte(words) {
		op := chunk.Op{Object: text, Insert: true, Action: chunk.Put, Value: chunk.String(string(letter))}
		if i > 0 {
			op.Key.Elem = chunk.ID{Counter: text.Counter + uint64(i)}
		}
		ops = append(ops, op)
	}
	c, err := chunk.Encode(chunk.Change{Actor: p.actor, Seq: p.seq + 1, StartOp: text.Counter, Deps: p.heads}, []chunk.Actor{p.actor}, ops)
	if err != nil {
		p.t.Fatal(err)
	}
	p.seq, p.maxOp, p.heads = c.Seq, c.MaxOp, []chunk.Hash{c.Hash}
	return c
}

// A newcomer's change may come before the entry that lets them in.
func TestWhatComesBeforeItsAuthorIsKnownCountsOnceTheyAre(t *testing.T) {
	ref, ada, ben, _, _, _, _, all := threeAtWork(t)
	nia := newDevice(t, "Nia")
	ada.admits(ref.Space, space.Editor, nia)
	nia.catchesUp(ref, ada, 1<<20)
	hers := nia.picksUp(ref)
	first := hers.writesMany(2)
	nia.commits(ref, first...)
	if got := ben.takes(ref, nia.bundle(ref, first...), nia); got.Accepted != 0 || !errors.Is(got.Err(), crdt.ReasonNoRight) {
		t.Fatalf("%+v", got)
	}
	ben.hears(ref.Space, ada)
	ben.judges(ref.Space)
	ben.holdsExactly(ref, all, first)
	if len(ben.aside(ref)) > 0 {
		t.Error("something is aside")
	}
}

// A snapshot of somebody who has not heard of a removal holds what does not
// count, and one of somebody who has may hold what somebody built on.
func TestSnapshotsAreJudgedToo(t *testing.T) {
	ref, ada, ben, xan, _, his, xans, all := threeAtWork(t)
	ada.removes(ref.Space, xan)
	late := xans.writesMany(9)
	xan.commits(ref, late...)
	ben.pulls(ref, xan)
	if err := ben.store.CompactWhole(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	cem := newDevice(t, "Cem").understands()
	ada.admits(ref.Space, space.Editor, cem)
	b, _, err := ben.store.Since(t.Context(), ref, nil, 1<<20)
	if err != nil || len(b.Snapshots) != 1 {
		t.Fatalf("%d snapshots, %v", len(b.Snapshots), err)
	}
	got := cem.takes(ref, b, ben)
	if got.Accepted != len(all) || len(got.Missing) > 0 {
		t.Fatalf("%+v", got)
	}
	cem.holdsExactly(ref, all)
	cem.isAside(ref, crdt.ReasonRemoved, late...)

	// Ben builds on all of it, and compacts that.
	his.readsAll(ben, ref)
	on := his.writes("on top")
	ben.commits(ref, on)
	if err := ben.store.CompactWhole(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	meets(ref, ada, ben, cem)
	dora := newDevice(t, "Dora").understands()
	ada.admits(ref.Space, space.Editor, dora)
	if b, _, err = ben.store.Since(t.Context(), ref, nil, 1<<20); err != nil || len(b.Snapshots) != 1 {
		t.Fatalf("%d snapshots, %v", len(b.Snapshots), err)
	}
	dora.takes(ref, b, ben)
	if snapshots, loose := dora.chunks(ref); snapshots != 1 || loose != 0 {
		t.Errorf("a snapshot that counts as a whole was taken apart: %d and %d", snapshots, loose)
	}
	for _, d := range []*device{ada, ben, cem, dora} {
		d.holdsExactly(ref, all, late, []chunk.Change{on})
		if len(d.aside(ref)) > 0 {
			t.Errorf("%s keeps something aside", d.name)
		}
	}
	agree(ref, ada, ben, cem, dora)
}

// What is judged is judged while people write, and by itself.
func TestRunJudgesWhileSomebodyWrites(t *testing.T) {
	ref, ada, ben, xan, _, his, xans, all := threeAtWork(t)
	ada.removes(ref.Space, xan)
	late := xans.writesMany(20)
	xan.commits(ref, late...)
	ben.pulls(ref, xan)
	ben.compacts(ref)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- ben.store.Run(ctx) }()
	hide := ben.store.Show(ref)
	ben.hears(ref.Space, ada)
	mine := make(map[chunk.Hash]bool)
	for deadline := time.Now().Add(time.Minute); ben.vector(ref)[xans.actor] != 4; {
		c := his.writes("on his own")
		ben.commits(ref, c)
		mine[c.Hash] = true
		if time.Now().After(deadline) {
			t.Fatal("it is still there")
		}
	}
	hide()
	cancel()
	<-ran
	want := maps.Clone(mine)
	for _, c := range all {
		want[c.Hash] = true
	}
	if got := ben.history(ref); !maps.Equal(got, want) {
		t.Errorf("%d changes, not %d", len(got), len(want))
	}
	ben.isAside(ref, crdt.ReasonRemoved, late...)
	ben.isWhole()
	// What was done need not be done again.
	ben.restarts()
	before := ben.store.Position()
	ben.judges(ref.Space)
	if ben.store.Position() != before {
		t.Error("a part was written again")
	}
}

// A backup holds what is aside, and what is restored from it goes on with it.
func TestABackupHoldsWhatIsAside(t *testing.T) {
	ref, ada, _, xan, _, _, xans, all := threeAtWork(t)
	ada.removes(ref.Space, xan)
	ada.judges(ref.Space)
	late := xans.writesMany(2)
	ada.takes(ref, xan.bundle(ref, late...), xan)
	ada.isSound()
	other := ada.restored(ada.backsUp()).understands()
	other.holdsExactly(ref, all)
	other.isAside(ref, crdt.ReasonRemoved, late...)
	other.letsIn(ref, late[1].Hash)
	other.judges(ref.Space)
	other.holdsExactly(ref, all, late)
	other.isWhole()
}

// A document of which nothing counts is listed nowhere, and is there again once
// something does.
func TestAPartOfWhichNothingCountsIsNotListed(t *testing.T) {
	ref, ada, ben, xan, _, _, _, _ := threeAtWork(t)
	ada.removes(ref.Space, xan)
	his := ref
	his.Document[7] = 7
	changes := xan.picksUp(his).writesMany(2)
	xan.commits(his, changes...)
	ben.pulls(his, xan)
	ada.takes(his, xan.bundle(his, changes...), xan) // it never counted here
	if len(ben.store.Refs(ref.Space)) != 2 {
		t.Fatal("Ben does not list what he holds")
	}
	for range 2 {
		meets(his, ada, ben)
		for _, d := range []*device{ada, ben} {
			if len(d.store.Refs(ref.Space)) != 1 {
				t.Errorf("%s lists what does not count", d.name)
			}
			d.restarts()
		}
		likewise(his, ada, ben)
	}
	ada.letsIn(his, changes[1].Hash)
	meets(his, ada, ben)
	for _, d := range []*device{ada, ben} {
		d.holdsExactly(his, changes)
	}
	likewise(his, ada, ben)
}
