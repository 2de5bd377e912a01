package space

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"
)

var (
	document = [16]byte{1}
	tall     = ActorSeq{Actor: []byte("an actor that is twenty")[:20], Seq: 7}
)

func cutAt(seq uint64) Cut {
	return Cut{{Document: document, Part: Body, Actors: []ActorSeq{{Actor: tall.Actor, Seq: seq}}}}
}

func (p *someone) limit(part Part) uint64 { return p.log.Limit(tall.Actor, document, part) }

func TestWhatOfTheRemovedCounts(t *testing.T) {
	all := company(t, 91, Facilitator, "ada", "ben", "cem")
	ada, ben, cem := all[0], all[1], all[2]
	// Two who remove a third have seen different things: all of it counts.
	ada.addsAll(ada.log.Remove(ada.key, cem.id(), cutAt(3), noon))
	ben.addsAll(ben.log.Remove(ben.key, cem.id(), cutAt(5), noon))
	agree(t, "ada:f ben:f", ada, ben)
	if got := ada.limit(Body); got != 5 {
		t.Errorf("up to %d", got)
	}
	if ada.limit(Annotations) != 0 {
		t.Error("a cut of the body speaks of annotations")
	}
	rights, digest := ada.log.Rights(), ada.log.RightsDigest()
	ada.adds(ada.log.SetPerson(ada.key, Person{Name: "ada"}, noon))
	if ada.log.Rights() != rights || ada.log.RightsDigest() != digest {
		t.Error("a name changes what may be written")
	}
	ben.addsAll(ben.log.AdmitChanges(ben.key, cutAt(9), noon))
	agree(t, "ada:f ben:f", ada, ben)
	if ada.limit(Body) != 9 || ada.log.Rights() == rights || ada.log.RightsDigest() == digest {
		t.Error("what was let in does not count")
	}
}

func TestWhoLeavesLetsInNoMoreThanTheyMayWrite(t *testing.T) {
	for _, story := range []struct {
		role              Role
		body, annotations uint64
	}{{Editor, 4, 4}, {Annotator, 0, 4}, {Reader, 0, 0}} {
		all := company(t, 92, story.role, "ada", "ben")
		ada, ben := all[0], all[1]
		cut := append(cutAt(4), CutPart{Document: document, Part: Annotations, Actors: cutAt(4)[0].Actors})
		ben.addsAll(ben.log.Remove(ben.key, ben.id(), cut, noon))
		agree(t, "ada:f", ada, ben)
		if body, annotations := ada.limit(Body), ada.limit(Annotations); body != story.body || annotations != story.annotations {
			t.Errorf("%s: up to %d and %d", story.role, body, annotations)
		}
	}
	// A demoted editor does not leave as though it had been before.
	all := company(t, 93, Editor, "ada", "ben")
	ada, ben := all[0], all[1]
	ada.makes(ben, Reader)
	ben.addsAll(ben.log.Remove(ben.key, ben.id(), cutAt(9), noon))
	agree(t, "ada:f", ada, ben)
	if ada.limit(Body) != 0 {
		t.Error("a demoted editor lets in what they wrote afterwards")
	}
}

func TestACutThatIsLargerThanAnEntry(t *testing.T) {
	all := company(t, 94, Editor, "ada", "ben")
	ada, ben := all[0], all[1]
	var cut Cut
	for d := range 300 {
		part := CutPart{Document: [16]byte{byte(d >> 8), byte(d)}, Part: Body}
		for a := range 20 {
			part.Actors = append(part.Actors, ActorSeq{Actor: []byte(fmt.Sprintf("actor %14d", a)), Seq: uint64(1 + d*a)})
		}
		cut = append(cut, part)
	}
	entries := ada.addsAll(ada.log.Remove(ada.key, ben.id(), cut, noon))
	if len(entries) < 3 {
		t.Fatalf("%d entries", len(entries))
	}
	agree(t, "ada:f", ada, ben)
	for _, part := range cut {
		for _, a := range part.Actors {
			if got := ben.log.Limit(a.Actor, part.Document, Body); got != a.Seq {
				t.Fatalf("up to %d, want %d", got, a.Seq)
			}
		}
	}
	// Somebody else's continuation, or one that is not below, says nothing.
	other := company(t, 95, Facilitator, "ada", "ben", "cem")
	piece := other[1].forges(KindCut, cutBody{Cut: cutAt(8)})
	meet(other...)
	other[0].forges(KindRemove, removeBody{Seat: other[2].id(), Continued: []Hash{piece.Hash, {1}}})
	if other[0].limit(Body) != 0 {
		t.Error("a cut is continued by somebody else")
	}
}

func TestAnArchivedSpaceIsReadOnly(t *testing.T) {
	all := company(t, 96, Editor, "ada", "ben")
	ada, ben := all[0], all[1]
	ada.addsAll(ada.log.Archive(ada.key, true, cutAt(2), noon))
	agree(t, "ada:f ben:e", ada, ben)
	if !ben.log.Archived() || ben.log.MayWrite(ben.id(), Body) || ada.log.MayWrite(ada.id(), Annotations) || ben.limit(Body) != 2 {
		t.Error("it can be written")
	}
	// Who leaves cannot add to it.
	ben.addsAll(ben.log.Remove(ben.key, ben.id(), cutAt(6), noon))
	agree(t, "ada:f", ada, ben)
	if ada.limit(Body) != 2 {
		t.Error("who leaves writes into an archive")
	}
	ada.addsAll(ada.log.Archive(ada.key, false, nil, noon))
	if ada.log.Archived() || !ada.log.MayWrite(ada.id(), Body) {
		t.Error("it is closed for ever")
	}
}

// manyNumbers is a cut of so many actors that are no device's, in each of two
// documents.
func manyNumbers(document byte, n int, seq uint64) (cut Cut) {
	for second := range byte(2) {
		part := CutPart{Document: [16]byte{document, second}, Part: Body}
		for a := range n {
			part.Actors = append(part.Actors, ActorSeq{Actor: []byte{byte(a >> 8), byte(a)}, Seq: seq})
		}
		cut = append(cut, part)
	}
	return cut
}

// TestOfOnesCutsSoMuchIsRead, and what goes beyond it is not written.
func TestOfOnesCutsSoMuchIsRead(t *testing.T) {
	const each, read = 1000, MaxNumbersOwn/2000 + 1
	all := company(t, 97, Editor, "ada", "mal")
	ada, mal := all[0], all[1]
	spare := mal.links("spare")
	for i := range read + 3 {
		mal.forges(KindRevoke, revokeBody{Device: spare.id(), Cut: manyNumbers(byte(i), each, 3)})
	}
	agree(t, "ada:f mal:e", ada, mal)
	for i := range read + 3 {
		want := uint64(3)
		if i >= read {
			want = 0
		}
		if got := ada.log.Limit([]byte{0, 1}, [16]byte{byte(i)}, Body); got != want {
			t.Errorf("by cut %d up to %d, want %d", i, got, want)
		}
	}
	if got := len(ada.log.state.limits); got != 2*read*each {
		t.Errorf("there are %d limits", got)
	}
	if _, err := mal.log.Remove(mal.key, mal.id(), manyNumbers(99, 1, 1), noon); !errors.Is(err, ErrCutTooLarge) {
		t.Errorf("a cut that nobody would read: %v", err)
	}
	// Others are heeded as ever, and what they say replaces it all.
	ada.addsAll(ada.log.Remove(ada.key, mal.id(), manyNumbers(99, 1, 1), noon))
	agree(t, "ada:f", ada, mal)
	if got := len(mal.log.state.limits); got != 2 || mal.log.Limit([]byte{0, 0}, [16]byte{99}, Body) != 1 {
		t.Errorf("after the removal there are %d limits", got)
	}
}

func FuzzCut(f *testing.F) {
	f.Add([]byte{1, 0, 1, 2, 1, 0, 1, 9}, uint16(3))
	f.Add(bytes.Repeat([]byte{7, 1, 3, 200}, 40), uint16(900))
	f.Fuzz(func(t *testing.T, raw []byte, times uint16) {
		var cut Cut
		for len(raw) >= 4 {
			actor := bytes.Repeat(raw[2:3], int(raw[2])%MaxActor+1)
			cut = append(cut, CutPart{
				Document: [16]byte{raw[0]}, Part: Part(raw[1] % 2), Actors: []ActorSeq{{Actor: actor, Seq: uint64(raw[3]) * uint64(times)}},
			})
			raw = raw[4:]
		}
		sorted := cut.Sorted()
		if err := sorted.Validate(); err != nil {
			t.Fatalf("%+v: %v", sorted, err)
		}
		var joined Cut
		for _, piece := range sorted.split() {
			if len(encode(cutBody{Cut: piece})) > maxCutBytes+64 || piece.Validate() != nil {
				t.Fatalf("a piece of %d bytes", len(encode(cutBody{Cut: piece})))
			}
			joined = append(joined, piece...)
		}
		if again := joined.Sorted(); len(sorted)+len(again) > 0 && !reflect.DeepEqual(again, sorted) {
			t.Fatalf("%+v came back as %+v", sorted, again)
		}
		var decoded Cut
		if err := decode(encode(sorted), &decoded); err != nil || len(sorted) > 0 && !reflect.DeepEqual(decoded, sorted) {
			t.Fatalf("%+v was decoded as %+v, %v", sorted, decoded, err)
		}
	})
}
