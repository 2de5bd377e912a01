package crdt_test

import (
	"errors"
	"maps"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

func TestWhatIsAcceptedSurvivesARestart(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref := ada.founds()
	pen := ada.picksUp(ref)
	first, second := pen.writes("a"), pen.writes("b")
	ada.commits(ref, first, second)
	before := ada.store.Position()
	ada.restarts()
	if got := ada.vector(ref); got[pen.actor] != 2 {
		t.Fatalf("vector %v", got)
	}
	if got := ada.hashes(ref); !got[first.Hash] || !got[second.Hash] {
		t.Fatal("a change is lost")
	}
	if ada.store.Position() < before {
		t.Fatal("positions went back")
	}
	if refs := ada.store.Refs(ref.Space); len(refs) != 1 || refs[0] != ref {
		t.Fatalf("refs %v", refs)
	}
	if got := ada.picksUp(ref); got.seq != 2 || got.actor != pen.actor {
		t.Fatalf("the new lease goes on from %d as another actor", got.seq)
	}
}

func TestAppendMayBeRepeated(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	pen := ada.picksUp(ref)
	changes := []chunk.Change{pen.writes("a"), pen.writes("b"), pen.writes("c")}
	bundle := ada.bundle(ref, changes[2], changes[0], changes[1])
	if got := ben.takes(ref, bundle, ada); got.Accepted != 3 || got.Err() != nil {
		t.Fatalf("%+v", got)
	}
	position := ben.store.Position()
	for range 3 {
		if got := ben.takes(ref, bundle, ada); got.Accepted != 0 || got.Err() != nil || len(got.Missing) != 0 {
			t.Fatalf("repeated: %+v", got)
		}
	}
	if ben.store.Position() != position {
		t.Fatal("repeating moved something")
	}
}

func TestMissingDependenciesAreNamedAndNothingElseIsStored(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	pen := ada.picksUp(ref)
	first, second, third := pen.writes("a"), pen.writes("b"), pen.writes("c")
	got := ben.takes(ref, ada.bundle(ref, third), ada)
	if got.Accepted != 0 || got.Quarantined != 0 || len(got.Missing) != 1 || got.Missing[0] != second.Hash {
		t.Fatalf("%+v", got)
	}
	// The third vouches for the first, but cannot come without the second.
	got = ben.takes(ref, ada.bundle(ref, first, third), ada)
	if got.Accepted != 0 || got.Quarantined != 0 || len(got.Missing) != 1 || got.Missing[0] != second.Hash {
		t.Fatalf("%+v", got)
	}
	got = ben.takes(ref, ada.bundle(ref, first, second, third), ada)
	if got.Accepted != 3 || len(got.Missing) != 0 {
		t.Fatalf("%+v", got)
	}
}

func TestWhatIsRefusedIsSetAsideWithTheReason(t *testing.T) {
	ada, ben, cem, eve := newDevice(t, "Ada"), newDevice(t, "Ben"), newDevice(t, "Cem"), newDevice(t, "Eve")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben, cem)
	ada.admits(ref.Space, space.Annotator, eve)
	adas, bens, cems, eves := ada.picksUp(ref), ben.picksUp(ref), cem.picksUp(ref), eve.picksUp(ref)
	base := adas.writes("base")
	ada.commits(ref, base)
	on := func(p *pen) *pen {
		p.seq, p.heads, p.maxOp = 0, []chunk.Hash{base.Hash}, base.MaxOp
		return p
	}

	forged := ben.bundle(ref, on(bens).writes("x"))
	forged.Signatures[0].Sig[5] ^= 1
	elsewhere := ref
	elsewhere.Document[3] = 9
	moved := cem.bundle(elsewhere, on(cems).writes("from another document"))
	unsigned := crdt.Bundle{Changes: [][]byte{on(&pen{t: t, actor: "somebody else's"}).writes("y").Raw}}
	damaged := cem.bundle(ref, on(cems).writes("z"))
	damaged.Changes[0] = append([]byte{}, damaged.Changes[0]...)
	damaged.Changes[0][len(damaged.Changes[0])-1] ^= 1
	fork := on(&pen{t: t, actor: adas.actor}).change(1, nil, "another first")
	jump := on(&pen{t: t, actor: adas.actor}).change(7, []chunk.Hash{base.Hash}, "seventh")
	loner := on(&pen{t: t, actor: adas.actor}).change(2, nil, "does not build on the first")

	tests := []struct {
		name   string
		bundle crdt.Bundle
		from   *device
		want   crdt.Reason
	}{
		{"a forged signature", forged, ben, crdt.ReasonBadSignature},
		{"a signature for another document", moved, cem, crdt.ReasonBadSignature},
		{"nobody's signature", unsigned, ben, crdt.ReasonNotVouched},
		{"damaged bytes", damaged, cem, crdt.ReasonMalformed},
		{"another's actor", ben.bundle(ref, on(cems).writes("as Cem")), ben, crdt.ReasonActor},
		{"no right to the body", eve.bundle(ref, on(eves).writes("e")), eve, crdt.ReasonRole},
		{"a fork", ada.bundle(ref, fork), ada, crdt.ReasonFork},
		{"a jump", ada.bundle(ref, jump), ada, crdt.ReasonSequence},
		{"beside its own past", ada.bundle(ref, loner), ada, crdt.ReasonSequence},
	}
	for i, test := range tests {
		got := ada.takes(ref, test.bundle, test.from)
		if got.Accepted != 0 || got.Quarantined != 1 || !errors.Is(got.Err(), test.want) {
			t.Errorf("%s: %+v", test.name, got)
		}
		ada.takes(ref, test.bundle, test.from)
		list, err := ada.store.Quarantine(ref.Space)
		if err != nil || len(list) != i+1 {
			t.Fatalf("%s: %d in quarantine, %v", test.name, len(list), err)
		}
	}
	ada.restarts()
	list, err := ada.store.Quarantine(ref.Space)
	if err != nil || len(list) != len(tests) {
		t.Fatalf("after a restart: %d in quarantine, %v", len(list), err)
	}
	if got := ada.vector(ref); len(got) != 1 || got[adas.actor] != 1 {
		t.Fatalf("vector %v", got)
	}
	annotations := ref
	annotations.Part = space.Annotations
	if got := ada.takes(annotations, eve.bundle(annotations, eve.picksUp(annotations).writes("note")), eve); got.Accepted != 1 {
		t.Fatalf("an annotator's note: %+v", got)
	}
}

func TestAMemberVouchesForForeignActors(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	one, two := &pen{t: t, actor: "one of automerge"}, &pen{t: t, actor: "two"}
	first := one.writes("a")
	two.heads, two.maxOp = []chunk.Hash{first.Hash}, first.MaxOp
	second := two.writes("b")
	bundle := ben.bundle(ref, first, second)
	receipt, err := ben.store.Append(t.Context(), ref, bundle, crdt.Import, ben.key.Device())
	if err != nil || receipt.Accepted != 2 {
		t.Fatalf("%+v, %v", receipt, err)
	}
	ada.catchesUp(ref, ben, 1<<20)
	if !maps.Equal(ada.vector(ref), crdt.Vector{"one of automerge": 1, "two": 1}) {
		t.Fatalf("vector %v", ada.vector(ref))
	}
}

func TestOneSignatureVouchesForABranchingPast(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	adas, bens := ada.picksUp(ref), ben.picksUp(ref)
	a1 := adas.writes("a1")
	bens.heads, bens.maxOp = []chunk.Hash{a1.Hash}, a1.MaxOp
	b1, b2 := bens.writes("b1"), bens.writes("b2")
	a2 := adas.writes("a2")
	adas.heads, adas.maxOp = []chunk.Hash{b2.Hash, a2.Hash}, b2.MaxOp
	a3 := adas.writes("a3")
	bundle := crdt.Bundle{
		Changes:    [][]byte{a3.Raw, b2.Raw, a2.Raw, b1.Raw, a1.Raw},
		Signatures: []crdt.Signature{crdt.Sign(ada.key, ref, a3), crdt.Sign(ben.key, ref, b2)},
	}
	if got := ben.takes(ref, bundle, ada); got.Accepted != 5 || got.Err() != nil {
		t.Fatalf("%+v", got)
	}
	// Ben goes on from his own old head, and what Ada wrote in between is above it.
	b3 := bens.writes("b3")
	ben.commits(ref, b3)
	bens.heads, bens.maxOp = []chunk.Hash{b3.Hash, a3.Hash}, b3.MaxOp+a3.MaxOp
	ben.commits(ref, bens.writes("b4"))
	// A change of Ada's that builds only on Ben's: hers are below it all the same.
	adas.heads, adas.maxOp = bens.heads, bens.maxOp
	ben.takes(ref, ada.bundle(ref, adas.writes("a4")), ada)
	if got := ben.vector(ref); got[adas.actor] != 4 || got[bens.actor] != 4 {
		t.Fatalf("vector %v", got)
	}
	ada.catchesUp(ref, ben, 1)
	if !maps.Equal(ada.hashes(ref), ben.hashes(ref)) || ada.store.Digest(ref.Space) != ben.store.Digest(ref.Space) {
		t.Fatal("they hold different things")
	}
}

func TestARefusedChangeIsAcceptedOnceItsAuthorBelongs(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ref := ada.founds()
	actor := space.ActorFor(ref.Space, ben.key.Device(), 0)
	bens := &pen{t: t, actor: chunk.Actor(actor[:])}
	bundle := ben.bundle(ref, bens.writes("early"))
	if got := ada.takes(ref, bundle, ben); !errors.Is(got.Err(), crdt.ReasonNoRight) || got.Refused[0].Reason.Forged() {
		t.Fatalf("%+v", got)
	}
	ada.admits(ref.Space, space.Editor, ben)
	if got := ada.takes(ref, bundle, ben); got.Accepted != 1 || got.Err() != nil {
		t.Fatalf("%+v", got)
	}
	if list, err := ada.store.Quarantine(ref.Space); err != nil || len(list) != 0 {
		t.Fatalf("%d in quarantine, %v", len(list), err)
	}
}
