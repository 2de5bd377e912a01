package space

import (
	"testing"
	"time"
)

// Mal tells Ada and Ben other entries, each as many as there is room for. What
// Ada writes on top of hers reaches Ben all the same.
func TestAFloodToldDifferentlyKeepsNobodyApart(t *testing.T) {
	all := company(t, 421, Reader, "ada", "mal", "ben")
	ada, mal, ben := all[0], all[1], all[2]
	ada.makes(ben, Facilitator)
	meet(all...)
	junk := mal.floods(mal.log, MaxEntriesBeside)
	for _, told := range []struct {
		to      *someone
		entries [][]byte
	}{{ada, junk[:MaxEntriesBeside-1]}, {ben, junk[1:]}} {
		if _, _, err := told.to.log.Add(told.entries...); err != nil {
			t.Fatal(err)
		}
	}
	last, err := seal(mal.key, KindPerson, mal.log.id[:], mal.log.Heads(), noon.Add(time.Minute), personBody{Person: Person{Name: "last"}})
	ada.adds(last, err)
	removal := ada.addsAll(ada.log.Remove(ada.key, mal.id(), nil, noon))
	_, _, _ = ben.log.Add(ada.log.Entries()...)
	if !ben.log.Has(last.Hash) || !ben.log.Has(removal[0].Hash) {
		t.Fatal("Ben refuses what Ada has built on")
	}
	if _, in := ben.log.Member(mal.id()); in {
		t.Fatal("Mal is in for Ben")
	}
	name := ben.adds(ben.log.SetPerson(ben.key, Person{Name: "Ben K."}, noon))
	_, _, _ = ada.log.Add(ben.log.Entries()...)
	if !ada.log.Has(name.Hash) {
		t.Fatal("Ada refuses what Ben has written since")
	}
	// They open their logs again.
	for _, p := range []*someone{ada, ben} {
		if p.copies().Digest() != p.log.Digest() {
			t.Fatal("a log is not the same after a restart")
		}
	}
}

// Mal was removed, and lets in devices of their own making by keys of nobody.
// None of them is in the space, and all that they write is kept, until nothing
// but the reserve is left. In that there is room for members only, and not all
// of it for one.
func TestWhoWasRemovedDoesNotFillTheLog(t *testing.T) {
	all := company(t, 422, Reader, "ada", "mal", "ben")
	ada, mal, ben := all[0], all[1], all[2]
	ada.removes(mal)
	var raw [][]byte
	frozen := mal.log.Heads()
	for i := range 7 {
		puppet := newcomer(t, ada.rand, "puppet")
		made := Code{Space: mal.log.ID(), Secret: [32]byte{byte(i), 3}}
		join, err := seal(mal.key, KindJoin, mal.log.id[:], frozen, noon, joinBody{Application: puppet.applies(made)})
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, join.Raw)
		parents := []Hash{join.Hash}
		for range MaxEntriesBelow - 1 {
			e, err := seal(puppet.key, KindPerson, mal.log.id[:], parents, noon, personBody{Person: Person{Name: "p"}})
			if err != nil {
				t.Fatal(err)
			}
			raw, parents = append(raw, e.Raw), []Hash{e.Hash}
		}
	}
	_, _, _ = ada.log.Add(raw...)
	if n := ada.log.Len(); n != MaxEntries-Reserve {
		t.Fatalf("%d entries", n)
	}
	ada.adds(ada.log.SetPerson(ada.key, Person{Name: "Ada L."}, noon))
	_, _, _ = ada.log.Add(ben.floods(ben.log, MaxReserved+10)...)
	if n := ada.log.Len(); n != MaxEntries-Reserve+1+MaxReserved {
		t.Fatalf("%d entries when Ben has flooded the reserve", n)
	}
	ada.removes(ben)
	if got := roster(ada.log); got != "Ada L.:f" {
		t.Fatal(got)
	}
	if ada.copies().Digest() != ada.log.Digest() {
		t.Fatal("the log is not the same after a restart")
	}
}
