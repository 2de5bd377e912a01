package crdt_test

import (
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// A reader signs for each of very many small changes, in a part that others work
// in. No bundle has more of them than can be sent, and a newcomer ends with all
// that counts and with the same of the rest.
func TestVerySmallChangesKeepNothingFromBeingSent(t *testing.T) {
	ref, ada, ben, _, hers, _, _, all := threeAtWork(t)
	rex, cem := newDevice(t, "Rex"), newDevice(t, "Cem").understands()
	ada.admits(ref.Space, space.Reader, rex)
	const many, most = 9000, 8192
	for first := 0; first < many; first += 1500 {
		var b crdt.Bundle
		for n := first; n < first+1500; n++ {
			actor := space.ActorFor(ref.Space, rex.key.Device(), uint32(n))
			c, err := chunk.Encode(chunk.Change{Actor: chunk.Actor(actor[:]), Seq: 1, StartOp: 1, Time: 1}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			one := rex.bundle(ref, c)
			b.Changes, b.Signatures = append(b.Changes, one.Changes...), append(b.Signatures, one.Signatures...)
		}
		ada.takes(ref, b, rex)
	}
	if n := len(ada.asideOf(ref)); n != many {
		t.Fatalf("%d are set aside", n)
	}
	late := hers.writes("what counts")
	ada.commits(ref, late)
	ada.admits(ref.Space, space.Editor, cem)
	cem.judges(ref.Space)
	ben.hears(ref.Space, ada)
	ben.judges(ref.Space)
	for _, d := range []*device{cem, ben} {
		for page, more := 0, true; more; page++ {
			if page > 20 {
				t.Fatalf("%s is offered more for ever", d.name)
			}
			ours, err := d.store.Tips(ref)
			if err != nil {
				t.Fatal(err)
			}
			var b crdt.Bundle
			if b, more, err = ada.store.Offer(t.Context(), ref, ours, 1<<20); err != nil {
				t.Fatal(err)
			}
			if len(b.Signatures) > most || len(b.Changes) > most {
				t.Fatalf("%s is offered %d changes and %d signatures at once", d.name, len(b.Changes), len(b.Signatures))
			}
			before := d.digest(ref)
			d.takes(ref, b, ada)
			if more && d.digest(ref) == before {
				t.Fatalf("%s got no further", d.name)
			}
		}
		d.holdsExactly(ref, all, []chunk.Change{late})
		if n := len(d.asideOf(ref)); n != many {
			t.Errorf("%s has set aside %d", d.name, n)
		}
	}
	likewise(ref, ada, ben, cem)
}
