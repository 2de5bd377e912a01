package crdt_test

import (
	"crypto/rand"
	"encoding/base64"
	"maps"
	"slices"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// noise is a text of n letters that nothing makes shorter.
func noise(n int) string {
	raw := make([]byte, n*3/4)
	if _, err := rand.Read(raw); err != nil {
		panic(err)
	}
	return base64.RawStdEncoding.EncodeToString(raw)
}

// likewise makes sure that devices have set aside the same, for the same reasons,
// and that asking one another brings nothing any more.
func likewise(ref crdt.Ref, devices ...*device) {
	first := devices[0]
	first.t.Helper()
	agree(ref, devices...)
	for _, d := range devices {
		if got, want := d.asideOf(ref), first.asideOf(ref); !maps.Equal(got, want) {
			d.t.Errorf("%s has set aside %v, %s %v", d.name, got, first.name, want)
		}
		for _, other := range devices {
			if other == d {
				continue
			}
			ours, err := d.store.Tips(ref)
			if err != nil {
				d.t.Fatal(err)
			}
			if bundle, more, err := other.store.Offer(d.t.Context(), ref, ours, 1<<20); err != nil || more || !bundle.Empty() {
				d.t.Errorf("%s is offered %d changes by %s, %v", d.name, len(bundle.Changes), other.name, err)
			}
		}
	}
}

// What somebody wrote after they were removed had reached one device only. The
// facilitator who has never met it hears of it, and lets it in; a newcomer, too.
func TestWhatIsSetAsideReachesEverybody(t *testing.T) {
	for _, compacted := range []bool{false, true} {
		ref, ada, ben, xan, _, _, xans, all := threeAtWork(t)
		ada.removes(ref.Space, xan)
		late := xans.writesMany(5)
		xan.commits(ref, late...)
		if compacted {
			xan.compacts(ref) // of these, only the last is signed then
		}
		ben.pulls(ref, xan) // who has not heard of it
		meets(ref, ada, ben)
		for _, d := range []*device{ada, ben} {
			d.holdsExactly(ref, all)
			d.isAside(ref, crdt.ReasonRemoved, late...)
		}
		likewise(ref, ada, ben)

		cem := newDevice(t, "Cem").understands()
		ada.admits(ref.Space, space.Reader, cem)
		cem.judges(ref.Space)
		cem.pulls(ref, ada)
		ben.hears(ref.Space, ada)
		cem.isAside(ref, crdt.ReasonRemoved, late...)
		likewise(ref, ada, ben, cem)

		cem.restarts()
		likewise(ref, ada, ben, cem)
		ada.letsIn(ref, late[4].Hash)
		meets(ref, ada, ben, cem)
		for _, d := range []*device{ada, ben, cem} {
			d.holdsExactly(ref, all, late)
		}
		likewise(ref, ada, ben, cem)
	}
}

// A document of which nothing counts is told of, too.
func TestWhatIsSetAsideOfADocumentOfItsOwnReachesEverybody(t *testing.T) {
	ref, ada, ben, xan, _, _, _, _ := threeAtWork(t)
	ada.removes(ref.Space, xan)
	own := ref
	own.Document = crdt.DocumentID{7}
	xans := xan.picksUp(own)
	late := xans.writesMany(3)
	xan.commits(own, late...)
	ben.hears(ref.Space, ada)
	ben.takes(own, xan.bundle(own, late...), xan)
	if slices.Contains(ben.store.Refs(ref.Space), own) {
		t.Error("a document of which nothing counts is listed")
	}
	ada.pulls(own, ben)
	ada.isAside(own, crdt.ReasonRemoved, late...)
	likewise(own, ada, ben)
	ada.letsIn(own, late[2].Hash)
	for _, d := range []*device{ada, ben} {
		d.hears(ref.Space, ada)
		d.judges(ref.Space)
		d.holdsExactly(own, late)
	}
	likewise(own, ada, ben)
}

// Two devices have set aside different things of somebody. Each ends with both,
// in whatever order.
func TestWhatIsSetAsideIsJoined(t *testing.T) {
	ref, ada, ben, xan, _, _, xans, all := threeAtWork(t)
	ada.makes(ref.Space, xan, space.Reader)
	ben.hears(ref.Space, ada)
	other := *xans
	one, two := xans.writesMany(3), []chunk.Change{other.writes("something else")}
	ada.takes(ref, xan.bundle(ref, one...), xan)
	ben.takes(ref, xan.bundle(ref, two...), xan)
	meets(ref, ada, ben)
	for _, d := range []*device{ada, ben} {
		d.holdsExactly(ref, all)
		d.isAside(ref, crdt.ReasonRole, slices.Concat(one, two)...)
	}
	likewise(ref, ada, ben)
}

// Of a stranger nobody is told, nor of what builds on that: there are as many of
// them as somebody makes up.
func TestNobodyIsToldOfStrangers(t *testing.T) {
	ref, ada, ben, _, _, _, _, _ := threeAtWork(t)
	rex, stranger := newDevice(t, "Rex"), newDevice(t, "Stranger")
	ada.admits(ref.Space, space.Reader, rex)
	ben.hears(ref.Space, ada)
	before := ben.store.Digest(ref.Space)
	p := &pen{t: t, actor: "somebody elsewhere"}
	p.readsAll(ben, ref)
	one := p.writes("nobody")
	ben.takes(ref, stranger.bundle(ref, one), stranger)
	actor := space.ActorFor(ref.Space, rex.key.Device(), 0)
	above := &pen{t: t, actor: chunk.Actor(actor[:]), maxOp: p.maxOp, heads: p.heads}
	ben.takes(ref, rex.bundle(ref, above.writes("on top of it")), rex)
	if len(ben.aside(ref)) != 2 {
		t.Fatalf("%v", ben.aside(ref))
	}
	if ben.store.Digest(ref.Space) != before {
		t.Error("others are told of what a stranger wrote")
	}
	ada.pulls(ref, ben)
	if len(ada.aside(ref)) > 0 {
		t.Errorf("%v", ada.aside(ref))
	}
}

// A reader writes more than there is room for, something else to each, in many
// documents and in no order. All end with the same of it, and there is room for
// somebody else's.
func TestAFloodOfWhatDoesNotCountIsBoundedAlike(t *testing.T) {
	ref, ada, ben, xan, _, _, xans, all := threeAtWork(t)
	rex := newDevice(t, "Rex")
	ada.admits(ref.Space, space.Reader, rex)
	ada.removes(ref.Space, xan)
	for _, d := range []*device{ben, xan} {
		d.hears(ref.Space, ada)
		d.judges(ref.Space)
	}
	refs := []crdt.Ref{ref}
	for n := range 5 {
		other := ref
		other.Document = crdt.DocumentID{9, byte(n)}
		refs = append(refs, other)
	}
	for i, d := range []*device{ada, ben} {
		for n := range 24 {
			at := refs[(n+i)%len(refs)]
			actor := space.ActorFor(ref.Space, rex.key.Device(), uint32(n))
			p := &pen{t: t, actor: chunk.Actor(actor[:])}
			d.takes(at, rex.bundle(at, p.writes(noise(300<<10))), rex)
		}
	}
	late := xans.writesMany(3)
	ben.takes(ref, xan.bundle(ref, late...), xan)
	cem := newDevice(t, "Cem").understands()
	ada.admits(ref.Space, space.Editor, cem)
	ben.hears(ref.Space, ada)
	for range 3 {
		for _, d := range []*device{ada, ben, cem} {
			for _, other := range []*device{ada, ben, cem} {
				for _, at := range refs {
					if d != other {
						d.pulls(at, other)
					}
				}
			}
		}
	}
	for _, d := range []*device{ada, ben, cem} {
		if d.store.Digest(ref.Space) != ada.store.Digest(ref.Space) {
			t.Errorf("%s has another digest", d.name)
		}
		d.holdsExactly(ref, all)
		size, his := 0, 0
		list, err := d.store.Quarantine(ref.Space)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range list {
			size += q.Size
			if q.Device == xan.key.Device() {
				his++
			}
		}
		if his != len(late) {
			t.Errorf("%s has %d changes of Xan", d.name, his)
		}
		if d == cem && size > 5<<20 {
			t.Errorf("a newcomer was given %d bytes of what does not count", size)
		}
	}
}

// A stranger has signed what a removed member vouched for, and Ben has met that
// first. It hides nothing, and nobody takes it for the stranger's.
func TestAStrangersSignatureHidesNothingThatIsTold(t *testing.T) {
	ref, ada, ben, xan, _, _, _, all := threeAtWork(t)
	stranger := newDevice(t, "Stranger")
	elsewhere := &pen{t: t, actor: "somebody elsewhere"}
	elsewhere.readsAll(ben, ref)
	late := elsewhere.writesMany(3)
	ada.removes(ref.Space, xan)
	ben.hears(ref.Space, ada)
	ben.takes(ref, stranger.bundle(ref, late[0]), stranger)
	ben.isAside(ref, crdt.ReasonNoRight, late[0])
	for _, d := range []*device{ada, ben} {
		d.takes(ref, xan.bundle(ref, late...), xan) // one signature, of the last
	}
	cem := newDevice(t, "Cem").understands()
	ada.admits(ref.Space, space.Editor, cem)
	cem.judges(ref.Space)
	cem.pulls(ref, ben)
	meets(ref, ada, ben, cem)
	for _, d := range []*device{ada, ben, cem} {
		d.holdsExactly(ref, all)
		d.isAside(ref, crdt.ReasonRemoved, late...)
	}
	likewise(ref, ada, ben, cem)
}

// What one signature vouches for and is too much is told to nobody, and keeps
// nothing from being told that is not.
func TestTooMuchUnderOneSignatureIsNotTold(t *testing.T) {
	ref, ada, ben, xan, _, _, xans, all := threeAtWork(t)
	ada.makes(ref.Space, xan, space.Reader)
	ben.hears(ref.Space, ada)
	fork := *xans
	large := make([]chunk.Change, 6)
	for i := range large {
		large[i] = fork.writes(noise(1 << 20))
	}
	small := xans.writesMany(2)
	ben.takes(ref, xan.bundle(ref, large...), xan)
	ben.takes(ref, xan.bundle(ref, small...), xan)
	meets(ref, ada, ben)
	ada.isAside(ref, crdt.ReasonRole, small...)
	for _, d := range []*device{ada, ben} {
		d.holdsExactly(ref, all)
	}
	agree(ref, ada, ben)
}
