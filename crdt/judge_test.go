package crdt_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// says adds entries to the device's own log.
func (d *device) says(id space.ID, entries []space.Entry, err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	raw := make([][]byte, len(entries))
	for i, e := range entries {
		raw[i] = e.Raw
	}
	if _, missing, err := d.store.AddEntries(d.t.Context(), id, raw); err != nil || len(missing) > 0 {
		d.t.Fatalf("%d missing, %v", len(missing), err)
	}
}

func (d *device) log(id space.ID) *space.Log {
	d.t.Helper()
	log, ok := d.store.Log(id)
	if !ok {
		d.t.Fatal("the space is not here")
	}
	return log
}

// cut is how far devices have got, as this one knows.
func (d *device) cut(id space.ID, others ...*device) space.Cut {
	d.t.Helper()
	devices := make([]space.DeviceID, len(others))
	for i, other := range others {
		devices[i] = other.key.Device()
	}
	cut, err := d.store.Cut(d.t.Context(), id, devices)
	if err != nil {
		d.t.Fatal(err)
	}
	return cut
}

func (d *device) removes(id space.ID, other *device) {
	d.t.Helper()
	entries, err := d.log(id).Remove(d.key, other.key.Device(), d.cut(id, other), time.Now())
	d.says(id, entries, err)
}

func (d *device) makes(id space.ID, other *device, role space.Role) {
	d.t.Helper()
	entries, err := d.log(id).SetRole(d.key, other.key.Device(), role, d.cut(id, other), time.Now())
	d.says(id, entries, err)
}

func (d *device) archives(id space.ID, on bool) {
	d.t.Helper()
	var cut space.Cut
	if on {
		var err error
		if cut, err = d.store.Cut(d.t.Context(), id, nil); err != nil {
			d.t.Fatal(err)
		}
	}
	entries, err := d.log(id).Archive(d.key, on, cut, time.Now())
	d.says(id, entries, err)
}

// letsIn admits changes that are in quarantine.
func (d *device) letsIn(ref crdt.Ref, hashes ...chunk.Hash) {
	d.t.Helper()
	ids := make([]crdt.QuarantinedID, len(hashes))
	for i, hash := range hashes {
		ids[i] = crdt.QuarantinedID{Ref: ref, Hash: hash}
	}
	cut, err := d.store.AdmitCut(d.t.Context(), ref.Space, ids)
	if err != nil {
		d.t.Fatal(err)
	}
	entries, err := d.log(ref.Space).AdmitChanges(d.key, cut, time.Now())
	d.says(ref.Space, entries, err)
}

// hears takes over another device's membership log.
func (d *device) hears(id space.ID, other *device) {
	d.t.Helper()
	if _, missing, err := d.store.AddEntries(d.t.Context(), id, other.log(id).Entries()); err != nil || len(missing) > 0 {
		d.t.Fatalf("%d missing, %v", len(missing), err)
	}
}

// judges does what Run does once the log has changed.
func (d *device) judges(id space.ID) {
	d.t.Helper()
	if err := d.store.Judge(d.t.Context(), id); err != nil {
		d.t.Fatal(err)
	}
}

// meets is what two devices do when they meet: each takes over the other's log
// and judges by it, and then all that the other holds.
func meets(ref crdt.Ref, devices ...*device) {
	for range 2 {
		for _, d := range devices {
			for _, other := range devices {
				if d != other {
					d.t.Helper()
					d.hears(ref.Space, other)
					d.judges(ref.Space)
					d.pulls(ref, other)
				}
			}
		}
	}
}

// isAside makes sure that exactly some changes are set aside for a reason.
func (d *device) isAside(ref crdt.Ref, reason crdt.Reason, changes ...chunk.Change) {
	d.t.Helper()
	want := make(map[chunk.Hash]crdt.Reason)
	for _, c := range changes {
		want[c.Hash] = reason
	}
	if got := d.aside(ref); !maps.Equal(got, want) {
		d.t.Fatalf("%s has set aside %v, not %v", d.name, got, want)
	}
}

// agree makes sure that devices hold the same, and say so.
func agree(ref crdt.Ref, devices ...*device) {
	first := devices[0]
	first.t.Helper()
	for _, d := range devices[1:] {
		if !maps.Equal(d.history(ref), first.history(ref)) || !maps.Equal(d.vector(ref), first.vector(ref)) {
			d.t.Errorf("%s holds %v, %s %v", d.name, d.vector(ref), first.name, first.vector(ref))
		}
		if d.store.Digest(ref.Space) != first.store.Digest(ref.Space) {
			d.t.Errorf("%s has another digest than %s", d.name, first.name)
		}
	}
	for _, d := range devices {
		d.isWhole()
	}
}

// isWhole has all records looked at.
func (d *device) isWhole() {
	d.t.Helper()
	err := d.store.Examine(d.t.Context(), func(f crdt.Finding) { d.t.Errorf("%s: %s %x: %v", d.name, f.About, f.Key, f.Wrong) })
	if err != nil {
		d.t.Error(err)
	}
}

// threeAtWork are a facilitator and two editors who hold what all have written.
func threeAtWork(t *testing.T) (ref crdt.Ref, ada, ben, xan *device, hers, his, xans *pen, all []chunk.Change) {
	t.Helper()
	ada, ben, xan = newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands(), newDevice(t, "Xan").understands()
	ref = ada.founds()
	ada.admits(ref.Space, space.Editor, ben, xan)
	for _, d := range []*device{ada, ben, xan} {
		d.judges(ref.Space)
	}
	hers = ada.picksUp(ref)
	all = hers.writesMany(3)
	ada.commits(ref, all...)
	ben.pulls(ref, ada)
	xan.pulls(ref, ada)
	his, xans = ben.picksUp(ref), xan.picksUp(ref)
	theirs := append(his.writesMany(2), xans.writesMany(4)...)
	ben.commits(ref, theirs[:2]...)
	xan.commits(ref, theirs[2:]...)
	all = append(all, theirs...)
	for range 2 {
		ada.pulls(ref, ben)
		ada.pulls(ref, xan)
		ben.pulls(ref, ada)
		xan.pulls(ref, ada)
	}
	for _, d := range []*device{ada, ben, xan} {
		d.holdsExactly(ref, all)
	}
	return ref, ada, ben, xan, hers, his, xans, all
}

func TestWhatSomebodyWroteBeforeTheyWereRemovedStays(t *testing.T) {
	for _, compacted := range []bool{false, true} {
		ref, ada, ben, xan, _, _, xans, all := threeAtWork(t)
		if compacted {
			ada.compacts(ref)
			ben.compacts(ref)
		}
		ada.removes(ref.Space, xan)
		late := xans.writesMany(3)
		xan.commits(ref, late...)
		// Ben hears of the removal before he hears of what came after it, Ada too.
		meets(ref, ada, ben)
		for _, d := range []*device{ada, ben} {
			got := d.takes(ref, xan.bundle(ref, late...), xan)
			if got.Accepted != 0 || !errors.Is(got.Err(), crdt.ReasonRemoved) || got.Refused[0].Reason.Forged() {
				t.Fatalf("%+v", got)
			}
			d.holdsExactly(ref, all)
			d.isAside(ref, crdt.ReasonRemoved, late...)
		}
		agree(ref, ada, ben)
	}
}

func TestWhatCameBeforeTheRemovalIsTakenOut(t *testing.T) {
	for name, prepare := range map[string]func(*device, crdt.Ref){
		"loose":     func(*device, crdt.Ref) {},
		"compacted": (*device).compacts,
		"at rest": func(d *device, ref crdt.Ref) {
			if err := d.store.CompactWhole(d.t.Context(), ref); err != nil {
				d.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			ref, ada, ben, xan, hers, _, xans, all := threeAtWork(t)
			ada.removes(ref.Space, xan)
			late := xans.writesMany(7)
			xan.commits(ref, late...)
			ben.pulls(ref, xan) // who has not heard of it
			prepare(ben, ref)
			_, window, err := ben.store.Load(ref)
			if err != nil {
				t.Fatal(err)
			}
			more := hers.writesMany(2)
			ada.commits(ref, more...)
			meets(ref, ben, ada)
			ben.holdsExactly(ref, all, more)
			ben.isAside(ref, crdt.ReasonRemoved, late...)
			if _, err := ben.store.Vetted(t.Context(), ref); err != nil {
				t.Fatal(err)
			}
			if _, _, anew, err := ben.store.AfterVetted(ref, window); err != nil || !anew {
				t.Errorf("a window goes on with what was taken out: %v", err)
			}
			agree(ref, ada, ben)

			// A newcomer gets what counts from him, and can hold it.
			cem := newDevice(t, "Cem").understands()
			ada.admits(ref.Space, space.Editor, cem)
			ben.hears(ref.Space, ada)
			cem.judges(ref.Space)
			cem.pulls(ref, ben)
			cem.holdsExactly(ref, all, more)
			agree(ref, ada, ben, cem)
			dora := newDevice(t, "Dora").understands()
			ada.admits(ref.Space, space.Editor, dora)
			cem.hears(ref.Space, ada)
			dora.judges(ref.Space)
			dora.pulls(ref, cem)
			dora.holdsExactly(ref, all, more)
		})
	}
}

func sorted(hashes ...chunk.Hash) []chunk.Hash {
	slices.SortFunc(hashes, chunk.Hash.Compare)
	return hashes
}

func TestWhatSomebodyHasBuiltOnStands(t *testing.T) {
	ref, ada, ben, xan, _, his, xans, all := threeAtWork(t)
	ada.removes(ref.Space, xan)
	late := xans.writesMany(5)
	xan.commits(ref, late...)
	ben.pulls(ref, xan)
	// Ada sets them aside, and hears then that Ben has built on some of them.
	ada.takes(ref, xan.bundle(ref, late...), xan)
	ada.isAside(ref, crdt.ReasonRemoved, late...)
	his.reads(ben, ref)
	his.heads = sorted(all[4].Hash, late[2].Hash)
	on := his.writes("built on it")
	ben.commits(ref, on)
	if got := ada.takes(ref, ben.bundle(ref, on), ben); got.Accepted != 4 || got.Err() != nil {
		t.Fatalf("%+v", got)
	}
	meets(ref, ada, ben)
	for _, d := range []*device{ada, ben} {
		d.holdsExactly(ref, all, late[:3], []chunk.Change{on})
		d.isAside(ref, crdt.ReasonRemoved, late[3:]...)
	}
	agree(ref, ada, ben)
}
