package crdt_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/space"
)

// ill is a device whose part ref has a snapshot, changes beside it, and two
// authors, another that has the same, and a part of the first that is well.
func ill(t *testing.T) (ada, ben *device, ref, well crdt.Ref) {
	t.Helper()
	ada, ben = newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands()
	ref = ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	ada.commits(ref, ada.picksUp(ref).writesMany(8)...)
	ada.compacts(ref)
	ben.catchesUp(ref, ada, 1<<20)
	ada.takes(ref, ben.bundle(ref, ben.picksUp(ref).writesMany(2)...), ben)
	ben.catchesUp(ref, ada, 1<<20)
	well = ref
	well.Document[1] = 9
	ada.commits(well, ada.picksUp(well).writesMany(3)...)
	return ada, ben, ref, well
}

func (d *device) findings() (found []crdt.Finding) {
	d.t.Helper()
	if err := d.store.Examine(d.t.Context(), func(f crdt.Finding) { found = append(found, f) }); err != nil {
		d.t.Fatal(err)
	}
	return found
}

func (d *device) isWell() {
	d.t.Helper()
	for _, f := range d.findings() {
		d.t.Errorf("%s of %s at %x: %v", f.About, f.Ref, f.Key, f.Wrong)
	}
}

// damages writes behind the store's back, and hears what it then reports.
func (d *device) damages(ops ...crdt.Op) (incidents []crdt.Incident) {
	d.t.Helper()
	d.options.Report = func(i crdt.Incident) { incidents = append(incidents, i) }
	d.raw(func(b *badger.Backend) {
		writes(d.t, b, ops...)
		if err := crdt.MarkSuspect(b); err != nil {
			d.t.Fatal(err)
		}
	})
	return incidents
}

func ofPart(records []record, ref crdt.Ref) (list []record) {
	for _, r := range records {
		if len(r.key) > 50 && bytes.Equal(r.key[34:50], ref.Document[:]) && (r.key[33] == 'd' || r.key[33] == 'p') {
			list = append(list, r)
		}
	}
	return list
}

// TestADamagedRecordTakesNothingElseWithIt damages every record of a part, and
// removes every one: the rest is there, what was damaged is reported by name,
// and after it was healed it comes back from another member.
func TestADamagedRecordTakesNothingElseWithIt(t *testing.T) {
	ada, ben, ref, well := ill(t)
	ada.isWell()
	all := ada.backsUp()
	want, sound := ada.history(ref), ada.history(well)
	for _, r := range ofPart(all, ref) {
		for name, value := range map[string][]byte{"damaged": {0xff}, "lost": nil} {
			t.Run(fmt.Sprintf("%s %s", name, r.key[33:]), func(t *testing.T) {
				copied := ada.restored(all)
				copied.t = t
				incidents := copied.damages(crdt.Op{Key: r.key, Value: value})
				if !maps.Equal(copied.history(well), sound) {
					t.Error("another part of the space is not as it was")
				}
				covered := r.key[33] == 'd' && r.key[51] == 'c' && value == nil // by the snapshot
				if len(incidents) == 0 && !covered {
					t.Error("nobody was told")
				}
				for _, i := range incidents {
					if i.Kind != crdt.IncidentDamaged || i.Ref != ref {
						t.Errorf("%+v", i)
					}
				}
				if err := copied.store.Heal(t.Context()); err != nil {
					t.Fatal(err)
				}
				copied.isWell()
				if !maps.Equal(copied.history(well), sound) {
					t.Error("another part of the space is not as it was")
				}
				copied.catchesUp(ref, ben, 1<<20)
				if got := copied.history(ref); !maps.Equal(got, want) {
					t.Errorf("%d changes of %d are there again", len(got), len(want))
				}
				copied.isWell()
				pen := copied.picksUp(ref)
				copied.commits(ref, pen.writes("and on"))
				copied.restarts()
				copied.isWell()
				if len(copied.history(ref)) != len(want)+1 {
					t.Error("what was written afterwards is not there")
				}
			})
		}
	}
}

// TestHealingDeletesNothing looks for every byte that could not be read.
func TestHealingDeletesNothing(t *testing.T) {
	ada, _, ref, _ := ill(t)
	all := ada.backsUp()
	for _, r := range ofPart(all, ref) {
		if r.key[33] == 'p' {
			continue
		}
		copied := ada.restored(all)
		copied.damages(crdt.Op{Key: r.key, Value: []byte("cannot be read")})
		if err := copied.store.Heal(t.Context()); err != nil {
			t.Fatal(err)
		}
		copied.raw(func(b *badger.Backend) {
			err := b.View(func(r2 crdt.Reader) error {
				value, err := r2.Get(append([]byte{'x'}, r.key...))
				if err == nil && string(value) != "cannot be read" {
					t.Errorf("%x became %q", r.key, value)
				}
				return err
			})
			if err != nil {
				t.Errorf("%x: %v", r.key, err)
			}
		})
		copied.closes()
	}
}

// TestASpaceWithoutItsFoundingEntryIsJoinedAgain: what is there of it stays,
// and is there again afterwards.
func TestASpaceWithoutItsFoundingEntryIsJoinedAgain(t *testing.T) {
	ada, ben, ref, well := ill(t)
	other := ada.founds()
	log, _ := ben.store.Log(ref.Space)
	want, sound := ada.history(ref), ada.history(well)
	founding := entryKeys(ada.backsUp(), ref.Space)[0]
	for name, value := range map[string][]byte{"damaged": []byte("cannot be read"), "lost": nil} {
		copied := ada.restored(ada.backsUp())
		incidents := copied.damages(crdt.Op{Key: founding, Value: value})
		if !slices.Equal(copied.store.Spaces(), []space.ID{other.Space}) {
			t.Fatalf("%s: %v", name, copied.store.Spaces())
		}
		if !slices.ContainsFunc(incidents, func(i crdt.Incident) bool { return i.Ref.Space == ref.Space }) {
			t.Errorf("%s: nobody was told of the space: %v", name, incidents)
		}
		if _, err := copied.store.CreateSpace(t.Context(), log.Entries()...); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			same, ok := copied.store.Log(ref.Space)
			if !ok || same.Digest() != log.Digest() {
				t.Errorf("%s: the log is another", name)
			}
			if !maps.Equal(copied.history(ref), want) || !maps.Equal(copied.history(well), sound) {
				t.Errorf("%s: the documents are others", name)
			}
			copied.restarts()
		}
		if value == nil {
			continue
		}
		copied.raw(func(b *badger.Backend) {
			_ = b.View(func(r crdt.Reader) error {
				if got, err := r.Get(founding); err != nil || !bytes.Equal(got, value) {
					t.Errorf("what could not be read is %q now (%v)", got, err)
				}
				return nil
			})
		})
	}
}

func entryKeys(records []record, id space.ID) (keys [][]byte) {
	for _, r := range records {
		if bytes.HasPrefix(r.key, append(append([]byte{'s'}, id[:]...), 'e')) {
			keys = append(keys, r.key)
		}
	}
	return keys
}

// TestADamagedEntryTakesNothingElseWithIt damages the last entry, which others
// have: they give it again.
func TestADamagedEntryTakesNothingElseWithIt(t *testing.T) {
	ada, ben, ref, _ := ill(t)
	entries := entryKeys(ada.backsUp(), ref.Space)
	want, _ := ben.store.Log(ref.Space)
	ada.damages(crdt.Op{Key: entries[len(entries)-1], Value: []byte("cannot be read")})
	log, ok := ada.store.Log(ref.Space)
	if !ok || log.Len() != len(entries)-1 {
		t.Fatalf("%d entries are there of %d", log.Len(), len(entries))
	}
	if _, _, err := ada.store.AddEntries(t.Context(), ref.Space, want.Entries()); err != nil {
		t.Fatal(err)
	}
	ada.restarts()
	if log, _ := ada.store.Log(ref.Space); log.Digest() != want.Digest() {
		t.Error("the log is another")
	}
	if found := ada.findings(); len(found) != 1 || found[0].About != crdt.AboutEntry || found[0].Space != ref.Space {
		t.Errorf("%+v", found)
	}
}

// TestPositionsAreNeverGivenOutAgain forgets how many there were.
func TestPositionsAreNeverGivenOutAgain(t *testing.T) {
	ada, _, ref, well := ill(t)
	before := ada.store.Position()
	for _, value := range [][]byte{{1}, nil, {0, 0, 0, 0, 0, 0, 0, 1}} {
		ada.damages(crdt.Op{Key: []byte("mp"), Value: value})
		if ada.store.Position() < before {
			t.Errorf("%x: %d after %d", value, ada.store.Position(), before)
		}
		want := len(ada.history(ref))
		ada.commits(ref, ada.picksUp(ref).writes("more"))
		if got := len(ada.history(ref)); got != want+1 || len(ada.history(well)) != 3 {
			t.Errorf("%x: %d changes after %d", value, got, want)
		}
		before = ada.store.Position()
	}
}

// TestWhatIsDamagedWhileItIsOpenIsHealed reads a change that is damaged behind
// the store's back.
func TestWhatIsDamagedWhileItIsOpenIsHealed(t *testing.T) {
	ada, ben, ref, _ := ill(t)
	want := ada.history(ref)
	changes := ofPart(ada.backsUp(), ref)
	at := slices.IndexFunc(changes, func(r record) bool { return r.key[33] == 'd' && r.key[51] == 'c' })
	newest := changes[at]
	for _, r := range changes {
		if r.key[33] == 'd' && r.key[51] == 'c' {
			newest = r
		}
	}
	writes(t, ada.options.Backend.(*badger.Backend), crdt.Op{Key: newest.key, Value: []byte{0xff}})
	if _, _, err := ada.store.Load(ref); err == nil {
		t.Fatal("it could be read")
	}
	if err := ada.store.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	ada.isWell()
	ada.catchesUp(ref, ben, 1<<20)
	if !maps.Equal(ada.history(ref), want) {
		t.Error("it did not come back")
	}
}

// TestWhatIsWrittenAfterHealingHasNumbersOfItsOwn damages what a device wrote
// last, and what says how far it had come, which another member has: what it
// writes before they meet again counts when they do.
func TestWhatIsWrittenAfterHealingHasNumbersOfItsOwn(t *testing.T) {
	for _, salvaged := range []bool{true, false} {
		ada, ben := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands()
		ref := ada.founds()
		ada.admits(ref.Space, space.Editor, ben)
		pen := ada.picksUp(ref)
		ada.commits(ref, pen.writesMany(10)...)
		ben.pulls(ref, ada)
		ben.commits(ref, ben.picksUp(ref).writes("on top of that"))
		records := ofPart(ada.backsUp(), ref)
		var newest []byte
		for _, r := range records {
			if r.key[33] == 'd' && r.key[51] == 'c' {
				newest = r.key
			}
		}
		damage := crdt.Op{Key: newest, Value: []byte{0xff}}
		if salvaged {
			ada.damages(damage)
		} else {
			writes(t, ada.options.Backend.(*badger.Backend), damage)
			if _, _, err := ada.store.Load(ref); err == nil {
				t.Fatal("it could be read")
			}
		}
		if err := ada.store.Heal(t.Context()); err != nil {
			t.Fatal(err)
		}
		next := ada.picksUp(ref)
		if next.actor == pen.actor {
			t.Errorf("salvaged %v: the numbers go on from %d, which were used up to %d", salvaged, next.seq, pen.seq)
		}
		work := next.writesMany(20)
		ada.commits(ref, work...)
		ada.pulls(ref, ben)
		ben.pulls(ref, ada)
		for _, d := range []*device{ada, ben} {
			history := d.history(ref)
			for _, c := range work {
				if !history[c.Hash] {
					t.Errorf("salvaged %v: %s has lost what was written under number %d", salvaged, d.name, c.Seq)
				}
			}
			if n := len(d.aside(ref)); n > 0 {
				t.Errorf("salvaged %v: %s has set %d changes aside", salvaged, d.name, n)
			}
		}
	}
}

// TestAStoreOfWhichSomethingWasLostBeginsItsNumbersAfresh: what was lost may be
// what was written last, with what says that it was.
func TestAStoreOfWhichSomethingWasLostBeginsItsNumbersAfresh(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref := ada.founds()
	before := ada.picksUp(ref)
	ada.commits(ref, before.writesMany(3)...)
	var lost []crdt.Op
	for _, r := range ofPart(ada.backsUp(), ref) {
		lost = append(lost, crdt.Op{Key: r.key})
	}
	ada.damages(lost...)
	if after := ada.picksUp(ref); after.actor == before.actor {
		t.Error("the numbers of what was lost are given to what is new")
	}
}
