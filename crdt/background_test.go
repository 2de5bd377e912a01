package crdt_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/badger"
)

// slow is a materializer whose first compaction waits until it is let go.
type slow struct {
	crdt.Materializer
	began, goOn chan struct{}
	once        sync.Once
}

func (s *slow) Compact(ctx context.Context, chunks [][]byte) ([]byte, error) {
	s.once.Do(func() {
		close(s.began)
		<-s.goOn
	})
	return s.Materializer.Compact(ctx, chunks)
}

// runs keeps house until the test ends.
func (d *device) runs() {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	store := d.store
	running.Go(func() { _ = store.Run(ctx) }) // it ends with its context
	d.t.Cleanup(func() {
		stop()
		running.Wait()
	})
}

// eventually waits until something is so.
func (d *device) eventually(what string, so func() bool) {
	d.t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); {
		if time.Now().After(deadline) {
			d.t.Fatalf("it never came to this: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// What is written during a compaction is as much as is due for the next one,
// and then its author stops writing.
func TestWhatIsWrittenDuringACompactionIsCompactedToo(t *testing.T) {
	ada := newDevice(t, "Ada").understands()
	waiting := &slow{Materializer: ada.options.Materializer, began: make(chan struct{}), goOn: make(chan struct{})}
	ada.options.Materializer, ada.options.CompactCount = waiting, 50
	ada.restarts()
	ada.runs()
	ref := ada.founds()
	pen := ada.picksUp(ref)
	ada.commits(ref, pen.writesMany(50)...)
	<-waiting.began
	ada.commits(ref, pen.writesMany(60)...)
	close(waiting.goOn)
	ada.eventually("everything is in one snapshot", func() bool {
		snapshots, changes := ada.chunks(ref)
		return snapshots == 1 && changes == 0
	})
}

// crowded is a disk without room for a snapshot, until there is some.
type crowded struct {
	crdt.Backend
	room    atomic.Bool
	refused atomic.Int64
}

func (s *crowded) Write(ops []crdt.Op) error {
	for _, op := range ops {
		if len(op.Key) > 51 && op.Key[33] == 'd' && op.Key[51] == 's' && !s.room.Load() {
			s.refused.Add(1)
			return crdt.ErrFull
		}
	}
	return s.Backend.Write(ops)
}

// A compaction for which there was no room is made up for once there is some,
// though nobody writes there any more.
func TestACompactionWaitsForRoom(t *testing.T) {
	ada := newDevice(t, "Ada").understands()
	ada.closes()
	backend, err := badger.Open(badger.Options{Dir: ada.dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	disk := &crowded{Backend: backend}
	ada.options.Backend, ada.options.CompactCount = disk, 50
	ada.options.KeepLoose, ada.options.Housekeeping = 1, 20*time.Millisecond
	if ada.store, err = crdt.Open(ada.options); err != nil {
		t.Fatal(err)
	}
	ada.runs()
	ref := ada.founds()
	ada.commits(ref, ada.picksUp(ref).writesMany(60)...)
	ada.eventually("it was tried again", func() bool { return disk.refused.Load() > 3 })
	if snapshots, changes := ada.chunks(ref); snapshots != 0 || changes != 60 {
		t.Fatalf("%d snapshots and %d changes of 60", snapshots, changes)
	}
	disk.room.Store(true)
	ada.eventually("there is a snapshot", func() bool {
		snapshots, changes := ada.chunks(ref)
		return snapshots == 1 && changes < 50
	})
}
