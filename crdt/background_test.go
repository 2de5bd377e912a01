package crdt_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"parley/crdt"
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
