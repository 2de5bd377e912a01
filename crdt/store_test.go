package crdt_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/space"
)

func TestAStoreOfANewerVersionIsLeftAlone(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref := ada.founds()
	ada.commits(ref, ada.picksUp(ref).writes("a"))
	ada.closes()
	backend, err := badger.Open(badger.Options{Dir: ada.dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	version := crdt.Op{Key: []byte("mv"), Value: binary.BigEndian.AppendUint64(nil, 99)}
	if err := backend.Write([]crdt.Op{version}); err != nil {
		t.Fatal(err)
	}
	before := records(t, backend)
	if _, err := crdt.Open(crdt.Options{Backend: backend}); !errors.Is(err, crdt.ErrNewer) {
		t.Fatalf("opened: %v", err)
	}
	if !maps.Equal(before, records(t, backend)) {
		t.Fatal("something was changed")
	}
}

func records(t *testing.T, backend crdt.Backend) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := backend.View(func(r crdt.Reader) error {
		return r.Scan(nil, nil, func(key, value []byte) (bool, error) {
			all[string(key)] = string(value)
			return true, nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestListenersAreTold(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ref := ada.founds()
	start := ada.store.Position()
	heard := make(chan []crdt.Move)
	go func() {
		moves, _, err := ada.store.Wait(t.Context(), start)
		if err != nil {
			t.Error(err)
		}
		heard <- moves
	}()
	ada.admits(ref.Space, space.Editor, ben)
	if moves := <-heard; len(moves) == 0 || !moves[0].Membership() || moves[0].Ref.Space != ref.Space {
		t.Fatalf("%+v", moves)
	}
	position := ada.store.Position()
	pen := ben.picksUp(ref)
	changes := []chunk.Change{pen.writes("a"), pen.writes("b")}
	ada.takes(ref, ben.bundle(ref, changes...), ben)
	moves, next, err := ada.store.Wait(t.Context(), position)
	if err != nil || len(moves) != 2 || next != ada.store.Position() {
		t.Fatalf("%d moves, %v", len(moves), err)
	}
	for i, m := range moves {
		if m.Ref != ref || m.Actor != pen.actor || m.Seq != changes[i].Seq || m.Origin != crdt.Peer || m.From != ben.key.Device() || m.Time.IsZero() {
			t.Errorf("%+v", m)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := ada.store.Wait(ctx, next); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, _, err := ada.store.Wait(t.Context(), next+1000); !errors.Is(err, crdt.ErrLagged) {
		t.Errorf("from the future: %v", err)
	}
	ada.restarts()
	if _, newest, err := ada.store.Wait(t.Context(), start); !errors.Is(err, crdt.ErrLagged) || newest < next {
		t.Errorf("from before the restart: %d, %v", newest, err)
	}
	ended := make(chan error)
	go func(s *crdt.Store) {
		_, _, err := s.Wait(context.Background(), s.Position())
		ended <- err
	}(ada.store)
	ada.closes()
	if err := <-ended; !errors.Is(err, crdt.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestMovesComeInOrderHoweverManyWrite(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref := ada.founds()
	position := ada.store.Position()
	const writers, each = 6, 25
	var wait sync.WaitGroup
	for i := range writers {
		ref := ref
		ref.Document[1] = byte(i)
		pen := ada.picksUp(ref)
		wait.Go(func() {
			for range each {
				ada.commits(ref, pen.writes("a"))
			}
		})
	}
	seen := make(map[crdt.Ref]uint64)
	for n := 0; n < writers*each; {
		moves, next, err := ada.store.Wait(t.Context(), position)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range moves {
			if m.Position <= position || m.Seq != seen[m.Ref]+1 {
				t.Fatalf("%+v after position %d", m, position)
			}
			position, seen[m.Ref] = m.Position, m.Seq
			// What was told is there.
			if last, err := ada.store.LastMove(m.Ref); err != nil || last < m.Position {
				t.Fatalf("%+v is not there: %d, %v", m, last, err)
			}
			n++
		}
		position = next
	}
	wait.Wait()
}

func TestLeasesDoNotOverlap(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref := ada.founds()
	lease := func() crdt.Lease {
		l, err := ada.store.Lease(ref)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first, second := lease(), lease()
	if first.Actor == second.Actor || first.Actor != space.ActorFor(ref.Space, ada.key.Device(), 0) {
		t.Fatalf("%x and %x", first.Actor, second.Actor)
	}
	first.Release()
	first.Release()
	if third := lease(); third.Actor != first.Actor {
		t.Fatalf("%x is not used again: %x", first.Actor, third.Actor)
	}
	first.Release() // must not take it from its new holder
	if fourth := lease(); fourth.Actor == first.Actor || fourth.Actor == second.Actor {
		t.Fatalf("%x is leased twice", fourth.Actor)
	}
	if _, err := ada.store.Lease(crdt.Ref{}); !errors.Is(err, crdt.ErrUnknownSpace) {
		t.Fatalf("in no space: %v", err)
	}
}

func TestWhoHasWhatIsRemembered(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ref := ada.founds()
	at := time.Unix(1700000000, 0).UTC()
	for seq := range uint64(3) {
		if err := ada.store.SetHave(ref, ben.key.Device(), crdt.Vector{"actor": seq + 1}, at); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		known, err := ada.store.Have(ref)
		if got := known[ben.key.Device()]; err != nil || len(known) != 1 || got.Vector["actor"] != 3 || !got.Time.Equal(at) {
			t.Fatalf("%+v, %v", known, err)
		}
		ada.restarts()
	}
}

func TestAVeryLargeImportIsAllOrNothing(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref := ada.founds()
	author := &pen{t: t, actor: "another program"}
	var changes []chunk.Change
	for range 2*crdt.MaxWriteOps + 10 {
		changes = append(changes, author.writes("line"))
	}
	bundle := ada.bundle(ref, changes...)

	// The disk fails between the pieces.
	ada.closes()
	var broken *failing
	ada.options.Log = slog.New(slog.DiscardHandler)
	backend, err := badger.Open(badger.Options{Dir: ada.dir, Log: ada.options.Log})
	if err != nil {
		t.Fatal(err)
	}
	broken = &failing{Backend: backend}
	ada.options.Backend = broken
	if ada.store, err = crdt.Open(ada.options); err != nil {
		t.Fatal(err)
	}
	broken.after.Store(2)
	if _, err := ada.store.Append(t.Context(), ref, bundle, crdt.Import, ada.key.Device()); !errors.Is(err, errDisk) {
		t.Fatalf("on a broken disk: %v", err)
	}
	if got := ada.vector(ref); len(got) != 0 {
		t.Fatalf("vector %v", got)
	}
	ada.restarts()
	if chunks, _, err := ada.store.Load(ref); err != nil || len(chunks) != 0 {
		t.Fatalf("%d chunks are left over, %v", len(chunks), err)
	}

	other := ref
	other.Document[9] = 1
	ada.commits(other, ada.picksUp(other).writes("elsewhere"))
	small := ada.picksUp(ref)
	ada.commits(ref, small.writes("first"))
	receipt, err := ada.store.Append(t.Context(), ref, bundle, crdt.Import, ada.key.Device())
	if err != nil || receipt.Accepted != len(changes) {
		t.Fatalf("%+v, %v", receipt.Accepted, err)
	}
	ada.restarts()
	if got := len(ada.hashes(ref)); got != len(changes)+1 {
		t.Fatalf("%d changes of %d", got, len(changes)+1)
	}
}

func TestWritingGoesOnAfterTheDiskFailed(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref := ada.founds()
	ada.closes()
	backend, err := badger.Open(badger.Options{Dir: ada.dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	disk := &failing{Backend: backend}
	ada.options.Backend = disk
	if ada.store, err = crdt.Open(ada.options); err != nil {
		t.Fatal(err)
	}
	pen := ada.picksUp(ref)
	kept, lost := pen.writes("kept"), pen.writes("lost at first")
	ada.commits(ref, kept)
	position := ada.store.Position()
	disk.after.Store(1)
	if _, err := ada.store.Append(t.Context(), ref, ada.bundle(ref, lost), crdt.Local, ada.key.Device()); !errors.Is(err, errDisk) {
		t.Fatalf("on a broken disk: %v", err)
	}
	if ada.store.Position() != position || ada.vector(ref)[pen.actor] != 1 {
		t.Fatal("something moved that is not on the disk")
	}
	disk.after.Store(0)
	ada.commits(ref, lost)
	ada.restarts()
	if got := ada.hashes(ref); !got[kept.Hash] || !got[lost.Hash] {
		t.Fatal("a change is lost")
	}
}

// failing is a disk that fails from a write on: after counts down to it.
type failing struct {
	crdt.Backend
	after atomic.Int64
}

var errDisk = errors.New("no space left on device")

func (f *failing) Write(ops []crdt.Op) error {
	if n := f.after.Load(); n == 1 || n > 0 && f.after.Add(-1) == 0 {
		f.after.Store(1)
		return errDisk
	}
	return f.Backend.Write(ops)
}

func TestTheBackgroundCompactsWhatHasGrown(t *testing.T) {
	ada := newDevice(t, "Ada").understands()
	ada.options.CompactCount = 30
	ada.restarts()
	ref := ada.founds()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- ada.store.Run(ctx) }()
	pen := ada.picksUp(ref)
	ada.commits(ref, pen.writesMany(30)...)
	deadline := time.Now().Add(20 * time.Second)
	for snapshots := 0; snapshots == 0; snapshots, _ = ada.chunks(ref) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is compacted")
		}
	}
	ada.commits(ref, pen.writesMany(5)...)
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if got := len(ada.history(ref)); got != 35 {
		t.Fatalf("%d changes of 35", got)
	}
}

func TestASpaceIsCreatedOnce(t *testing.T) {
	ada := newDevice(t, "Ada")
	ref := ada.founds()
	log, _ := ada.store.Log(ref.Space)
	again, err := ada.store.CreateSpace(t.Context(), log.Entries()...)
	if err != nil || again != log {
		t.Fatalf("created again: %v", err)
	}
	e, err := log.SetPerson(ada.key, space.Person{Name: "Ada L."}, time.Now())
	ada.enters(ref.Space, e, err)
	if added, _, err := ada.store.AddEntries(t.Context(), ref.Space, log.Entries()); err != nil || len(added) != 0 {
		t.Fatalf("%d added again, %v", len(added), err)
	}
	if _, _, err := ada.store.AddEntries(t.Context(), ref.Space, [][]byte{[]byte("nonsense")}); !errors.Is(err, space.ErrMalformedEntry) {
		t.Fatalf("nonsense: %v", err)
	}
	if _, _, err := ada.store.AddEntries(t.Context(), space.ID{1}, nil); !errors.Is(err, crdt.ErrUnknownSpace) {
		t.Fatalf("to no space: %v", err)
	}
	ada.restarts()
	log, ok := ada.store.Log(ref.Space)
	if !ok || log.Members()[0].Person.Name != "Ada L." {
		t.Fatal("an entry is lost")
	}
	if fmt.Sprint(ada.store.Spaces()) != fmt.Sprint([]space.ID{ref.Space}) {
		t.Fatalf("spaces %v", ada.store.Spaces())
	}
	if _, err := ada.store.Append(t.Context(), crdt.Ref{Space: space.ID{1}}, crdt.Bundle{}, crdt.Local, ada.key.Device()); !errors.Is(err, crdt.ErrUnknownSpace) {
		t.Fatalf("append to no space: %v", err)
	}
	bad := ref
	bad.Part = 7
	if _, err := ada.store.Append(t.Context(), bad, crdt.Bundle{}, crdt.Local, ada.key.Device()); !errors.Is(err, crdt.ErrPart) {
		t.Fatalf("append to no part: %v", err)
	}
}
