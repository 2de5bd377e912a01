package crdt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/space"
)

// record is one of a backup.
type record struct{ key, value []byte }

// backsUp takes a backup, of which nothing is missing.
func (d *device) backsUp() []record {
	d.t.Helper()
	records, found := d.backsUpWhatItCan()
	for _, f := range found {
		d.t.Errorf("%s at %x: %v", f.About, f.Key, f.Wrong)
	}
	return records
}

func (d *device) backsUpWhatItCan() (records []record, found []crdt.Finding) {
	d.t.Helper()
	err := d.store.Backup(d.t.Context(), func(key, value []byte) error {
		records = append(records, record{bytes.Clone(key), bytes.Clone(value)})
		return nil
	}, func(f crdt.Finding) { found = append(found, f) })
	if err != nil {
		d.t.Fatal(err)
	}
	return records, found
}

func check(records []record) error {
	c := crdt.NewRecordCheck()
	for _, r := range records {
		if err := c.Add(r.key, r.value); err != nil {
			return err
		}
	}
	return c.End()
}

// restored is another installation of the same device, made of a backup.
func (d *device) restored(records []record) *device {
	d.t.Helper()
	if err := check(records); err != nil {
		d.t.Fatal(err)
	}
	other := &device{t: d.t, name: d.name, key: d.key, dir: d.t.TempDir(), options: d.options}
	backend, err := badger.Open(badger.Options{Dir: other.dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		d.t.Fatal(err)
	}
	restorer := crdt.NewRestorer(backend)
	for _, r := range records {
		if err := restorer.Put(r.key, r.value); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := errors.Join(restorer.Flush(), backend.Close()); err != nil {
		d.t.Fatal(err)
	}
	other.opens()
	d.t.Cleanup(other.closes)
	return other
}

// rich is a device with some of everything: two spaces, documents with and
// without snapshots, one snapshot of several pieces, files, something refused,
// what others have.
func rich(t testing.TB) (*device, crdt.Ref) {
	t.Helper()
	ada, ben, eve := newDevice(t, "Ada").understands(), newDevice(t, "Ben"), newDevice(t, "Eve")
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	ada.admits(ref.Space, space.Reader, eve)
	ada.commits(ref, ada.picksUp(ref).writesMany(30)...)
	ada.compacts(ref)
	pen := ada.picksUp(ref)
	ada.commits(ref, pen.writesMany(3)...)
	ada.takes(ref, ben.bundle(ref, ben.picksUp(ref).writesMany(2)...), ben)
	refused := eve.picksUp(ref)
	ada.takes(ref, eve.bundle(ref, refused.writes("not hers to write")), eve)
	if err := ada.store.SetHave(ref, ben.key.Device(), ada.vector(ref), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	ada.puts(ref.Space, picture(10, 1))
	ada.puts(ref.Space, picture(2<<20+17, 2))
	ada.puts(ref.Space, nil)
	other := ada.founds()
	other.Part = space.Annotations
	ada.commits(other, ada.picksUp(other).writesMany(2)...)
	return ada, ref
}

func TestABackupBringsEverythingBack(t *testing.T) {
	ada, ref := rich(t)
	records := ada.backsUp()
	copied := ada.restored(records)
	if !slices.Equal(ada.store.Spaces(), copied.store.Spaces()) {
		t.Fatalf("spaces: %v and %v", ada.store.Spaces(), copied.store.Spaces())
	}
	for _, id := range ada.store.Spaces() {
		log, _ := ada.store.Log(id)
		same, _ := copied.store.Log(id)
		if log.Digest() != same.Digest() || ada.store.Digest(id) != copied.store.Digest(id) {
			t.Errorf("space %s is another", id)
		}
		for _, ref := range ada.store.Refs(id) {
			if !maps.Equal(ada.history(ref), copied.history(ref)) {
				t.Errorf("%s is another", ref)
			}
		}
		if !slices.Equal(ada.files(id), copied.files(id)) {
			t.Errorf("files of %s: %v and %v", id, ada.files(id), copied.files(id))
		}
		for _, blob := range copied.files(id) {
			if err := copied.store.VerifyBlob(t.Context(), id, blob); err != nil {
				t.Error(err)
			}
		}
	}
	refused, err := copied.store.Quarantine(ref.Space)
	if err != nil || len(refused) != 1 {
		t.Errorf("refused: %v, %v", refused, err)
	}
	have, err := copied.store.Have(ref)
	if err != nil || len(have) != 1 {
		t.Errorf("have: %v, %v", have, err)
	}
	again := copied.backsUp()
	if !slices.EqualFunc(records, again, func(a, b record) bool { return bytes.Equal(a.key, b.key) && bytes.Equal(a.value, b.value) }) {
		t.Errorf("a backup of the copy has %d records, the first had %d, or they differ", len(again), len(records))
	}
}

// TestABackupHoldsWhatWasAcknowledgedBefore backs up while three write.
func TestABackupHoldsWhatWasAcknowledgedBefore(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref := ada.founds()
	acknowledged := make(map[crdt.Ref]map[chunk.Actor]uint64)
	var mu sync.Mutex
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	written := make(chan struct{}, 1<<16)
	for i := range 3 {
		ref := ref
		ref.Document[1] = byte(i)
		pen := ada.picksUp(ref)
		writers.Go(func() {
			for ctx.Err() == nil {
				ada.commits(ref, pen.writes("more"))
				mu.Lock()
				acknowledged[ref] = crdt.Vector{pen.actor: pen.seq}
				mu.Unlock()
				select {
				case written <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 5 {
		for range 40 {
			<-written
		}
		mu.Lock()
		before := maps.Clone(acknowledged)
		mu.Unlock()
		copied := ada.restored(ada.backsUp())
		for ref, vector := range before {
			if !copied.vector(ref).Covers(vector) {
				t.Errorf("%s: %v were acknowledged, the backup has %v", ref, vector, copied.vector(ref))
			}
			if got := uint64(len(copied.hashes(ref))); got < vector[slices.Collect(maps.Keys(vector))[0]] {
				t.Errorf("%s: %d changes for %v", ref, got, vector)
			}
		}
		copied.closes()
	}
	stop()
	writers.Wait()
}

// TestABackupLeavesOutWhatDoesNotCount cuts an append and a put short.
func TestABackupLeavesOutWhatDoesNotCount(t *testing.T) {
	ada, ref := rich(t)
	records := ada.backsUp()
	chunkKey := func(kind byte, position byte) []byte {
		key := append([]byte{'s'}, ref.Space[:]...)
		key = append(append(append(key, 'd'), ref.Document[:]...), byte(ref.Part), kind)
		return append(key, 0, 0, 0, 1, 0, 0, 0, position) // far above the part's
	}
	spaceKey := func(table byte, rest int) []byte {
		return append(append(append([]byte{'s'}, ref.Space[:]...), table), make([]byte, rest)...)
	}
	ada.raw(func(b *badger.Backend) {
		writes(t, b,
			crdt.Op{Key: chunkKey('c', 1), Value: []byte("staged")},
			crdt.Op{Key: chunkKey('s', 2), Value: []byte("staged")},
			crdt.Op{Key: append(chunkKey('r', 3), 0, 0), Value: []byte("staged")},
			crdt.Op{Key: spaceKey('B', 18), Value: []byte("staged")},
			crdt.Op{Key: spaceKey('u', 16), Value: []byte{0x81, 3}},
		)
	})
	again := ada.backsUp()
	if len(again) != len(records) {
		t.Errorf("%d records before, %d with what does not count", len(records), len(again))
	}
}

// TestABackupLeavesOutWhatCannotBeRead damages each record in turn: the backup
// names it and is good, and the restored device has the rest.
func TestABackupLeavesOutWhatCannotBeRead(t *testing.T) {
	ada, _ := rich(t)
	records := ada.backsUp()
	backend := ada.options.Backend.(*badger.Backend)
	about := make(map[crdt.Subject]int)
	for _, damaged := range records {
		if damaged.key[0] == 'm' {
			continue // a number is a number
		}
		writes(t, backend, crdt.Op{Key: damaged.key, Value: []byte{0xff}})
		left, found := ada.backsUpWhatItCan()
		if len(found) == 0 || len(found)+len(left) > len(records) {
			t.Fatalf("%x: %d found, %d of %d left", damaged.key, len(found), len(left), len(records))
		}
		for _, f := range found {
			about[f.About]++
		}
		if !slices.ContainsFunc(found, func(f crdt.Finding) bool { return bytes.Equal(f.Key, damaged.key) || f.About == crdt.AboutBlob }) {
			t.Errorf("%x is not among what was found: %v", damaged.key, found)
		}
		if err := check(left); err != nil {
			t.Errorf("without %x: %v", damaged.key, err)
		}
		writes(t, backend, crdt.Op{Key: damaged.key, Value: damaged.value})
	}
	for _, subject := range []crdt.Subject{
		crdt.AboutEntry, crdt.AboutPart, crdt.AboutActor, crdt.AboutChange, crdt.AboutSnapshot,
		crdt.AboutHave, crdt.AboutQuarantine, crdt.AboutBlob,
	} {
		if about[subject] == 0 {
			t.Errorf("nothing was found about any %s", subject)
		}
	}
}

// TestRecordsThatAreNoStore takes away, doubles, swaps and forges records of a
// backup that is good.
func TestRecordsThatAreNoStore(t *testing.T) {
	ada, _ := rich(t)
	records := ada.backsUp()
	if err := check(records); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, records []record) {
		t.Helper()
		if err := check(records); !errors.Is(err, crdt.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i, r := range records {
		name := fmt.Sprintf("%x", r.key)
		refused(name+" twice", slices.Insert(slices.Clone(records), i, r))
		swapped := slices.Clone(records)
		if i > 0 {
			swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
			refused(name+" too early", swapped)
		}
		if len(r.value) == 0 || r.key[0] == 'm' {
			continue
		}
		cut := slices.Clone(records)
		cut[i].value = r.value[:len(r.value)-1]
		refused(name+" cut", cut)
		cut[i] = record{append(bytes.Clone(r.key), 0), r.value}
		if r.key[33] != 'd' || r.key[33+18] != 'a' { // an actor's ID has no length of its own
			refused(name+" with a longer key", cut)
		}
	}
	refused("nothing", nil)
	newer := slices.Clone(records)
	for i, r := range newer {
		if string(r.key) == "mv" {
			newer[i].value = []byte{0, 0, 0, 0, 0, 0, 0, 99}
		}
	}
	if err := check(newer); !errors.Is(err, crdt.ErrNewer) {
		t.Errorf("of a newer version: %v", err)
	}
}
