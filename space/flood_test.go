package space

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// floods writes entries that are all on top of the same, beside each other.
func (p *someone) floods(log *Log, n int) [][]byte {
	p.t.Helper()
	frozen := log.Heads()
	raw := make([][]byte, n)
	for i := range raw {
		e, err := seal(p.key, KindPerson, log.id[:], frozen, noon.Add(time.Duration(i)*time.Second), personBody{Person: Person{Name: p.name}})
		if err != nil {
			p.t.Fatal(err)
		}
		raw[i] = e.Raw
	}
	return raw
}

func TestAStrangerLeavesNothingBehind(t *testing.T) {
	rand := newSource(21)
	ada, eve := founder(t, rand, "Ada"), newcomer(t, rand, "Eve")
	code := ada.invites(Editor, 1, noon)
	ada.adds(ada.log.Withdraw(ada.key, code.Invitation(), noon))
	before := summary(ada.log)
	raw := eve.floods(ada.log, 100)
	// She lets herself in, and goes on from there.
	join, err := seal(eve.key, KindJoin, ada.log.id[:], ada.log.Heads(), noon, joinBody{Application: eve.applies(code)})
	if err != nil {
		t.Fatal(err)
	}
	above, err := seal(eve.key, KindPerson, ada.log.id[:], []Hash{join.Hash}, noon, personBody{Person: Person{Name: "Eve"}})
	if err != nil {
		t.Fatal(err)
	}
	added, missing, err := ada.log.Add(append(raw, join.Raw, above.Raw)...)
	if len(added) != 0 || len(missing) != 0 || !errors.Is(err, ErrNoStanding) {
		t.Fatalf("added %d, missing %d, %v", len(added), len(missing), err)
	}
	if summary(ada.log) != before {
		t.Fatal("the log has changed")
	}
	if _, err := Open(append(ada.log.Entries(), raw[0])); !errors.Is(err, ErrNoStanding) {
		t.Fatalf("a log with her entry opens: %v", err)
	}
}

// A member who was let in by an invitation that is over by now stands below
// what they write, whether that counts or not: everybody keeps it.
func TestWhatIsKeptDoesNotDependOnWhatCounts(t *testing.T) {
	rand := newSource(22)
	ada, ben := founder(t, rand, "Ada"), newcomer(t, rand, "Ben")
	code := ada.invites(Editor, 1, noon)
	late, err := seal(ada.key, KindJoin, ada.log.id[:], ada.log.Heads(), noon.Add(time.Hour), joinBody{Application: ben.applies(code)})
	ada.adds(late, err)
	ada.adds(seal(ben.key, KindPerson, ada.log.id[:], ada.log.Heads(), noon, personBody{Person: Person{Name: "Ben"}}))
	if n := len(ada.log.Members()); n != 1 {
		t.Fatalf("%d members", n)
	}
}

func TestManyHeadsStopNobody(t *testing.T) {
	rand := newSource(23)
	ada, ben, mal, cem := founder(t, rand, "Ada"), newcomer(t, rand, "Ben"), newcomer(t, rand, "Mal"), newcomer(t, rand, "Cem")
	code := ada.invites(Editor, 5, time.Time{})
	ada.admits(mal, code)
	junk := mal.floods(ada.log, MaxLandmarks+200)
	ada.admits(ben, code)
	spent := ada.invites(Facilitator, 5, time.Time{})
	if added, _, err := ada.log.Add(junk...); err != nil || len(added) != len(junk) {
		t.Fatalf("added %d, %v", len(added), err)
	}
	ben.hears(ada)
	if n := len(ada.log.Landmarks()); n > MaxLandmarks {
		t.Fatalf("%d landmarks", n)
	}
	ada.adds(ada.log.Withdraw(ada.key, spent.Invitation(), noon))
	if invitation, _ := ada.log.Invitation(spent.Invitation()); !invitation.Withdrawn {
		t.Fatal("what Ada withdrew is not withdrawn")
	}
	ben.adds(ben.log.Admit(ben.key, cem.applies(code), noon))
	if _, ok := ben.log.Member(cem.key.Device()); !ok {
		t.Fatal("whom Ben admitted is not in")
	}
	ben.adds(ben.log.SetPerson(ben.key, Person{Name: "Ben K."}, noon))
	if m, _ := ben.log.Member(ben.key.Device()); m.Person.Name != "Ben K." {
		t.Fatal("Ben's new name does not count")
	}
	ben.hears(ada)
	if _, _, err := ada.log.Add(ben.log.Since(ada.log.Landmarks())...); err != nil {
		t.Fatal(err)
	}
	if summary(ada.log) != summary(ben.log) {
		t.Fatal("Ada and Ben see different spaces")
	}
}

func TestNobodyFillsTheLogAlone(t *testing.T) {
	t.Parallel()
	rand := newSource(24)
	ada, mal := founder(t, rand, "Ada"), newcomer(t, rand, "Mal")
	ada.admits(mal, ada.invites(Editor, 1, time.Time{}))
	// One on top of the other: everybody stops at the same entry.
	var chain [][]byte
	parents := mal.log.Heads()
	for i := range MaxEntriesBelow + 1 {
		e, err := seal(mal.key, KindPerson, mal.log.id[:], parents, noon, personBody{Person: Person{Name: fmt.Sprint(i)}})
		if err != nil {
			t.Fatal(err)
		}
		chain, parents = append(chain, e.Raw), []Hash{e.Hash}
	}
	added, _, err := ada.log.Add(chain...)
	if len(added) != MaxEntriesBelow || !errors.Is(err, ErrFull) {
		t.Fatalf("added %d, %v", len(added), err)
	}
	for at, raw := range slices.Backward(chain) {
		if _, _, err := mal.log.Add(raw); at < MaxEntriesBelow && err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := mal.log.Add(chain...); !errors.Is(err, ErrFull) || mal.log.Digest() != ada.log.Digest() {
		t.Fatalf("not the same: %v", err)
	}
	// Beside each other: it ends too, and leaves room for others.
	junk := mal.floods(ada.copies(), 1)
	base, err := Open(ada.log.Entries()[:3])
	if err != nil {
		t.Fatal(err)
	}
	junk = append(junk, mal.floods(base, MaxEntriesBeside-MaxEntriesBelow+1)...)
	added, _, err = ada.log.Add(junk...)
	if !errors.Is(err, ErrFull) || ada.log.Len() != 3+MaxEntriesBeside || len(added) != MaxEntriesBeside-MaxEntriesBelow {
		t.Fatalf("%d entries, %v", ada.log.Len(), err)
	}
	ada.adds(ada.log.SetPerson(ada.key, Person{Name: "Ada L."}, noon))
	if m, _ := ada.log.Member(ada.key.Device()); m.Person.Name != "Ada L." {
		t.Fatal("Ada cannot write any more")
	}
}

func TestCheckLeavesTheLogAlone(t *testing.T) {
	rand := newSource(25)
	ada, ben := founder(t, rand, "Ada"), newcomer(t, rand, "Ben")
	code := ada.invites(Editor, 1, time.Time{})
	short := ada.copies()
	ada.admits(ben, code)
	ben.adds(ben.log.SetPerson(ben.key, Person{Name: "Ben K."}, noon))
	before := summary(short)
	fresh, missing, err := short.Check(ben.log.Entries()...)
	if err != nil || len(missing) != 0 || len(fresh) != 2 {
		t.Fatalf("%d fresh, %d missing, %v", len(fresh), len(missing), err)
	}
	if summary(short) != before || short.Len() != 2 || short.Has(fresh[0].Hash) {
		t.Fatal("the log has changed")
	}
	if added := short.Insert(fresh[1:]); len(added) != 0 {
		t.Fatal("an entry without its parent was inserted")
	}
	if added := short.Insert(fresh); len(added) != 2 || !bytes.Equal(added[1].Raw, fresh[1].Raw) || summary(short) != summary(ben.log) {
		t.Fatalf("%d inserted", len(added))
	}
}
