package p2p

import (
	"context"
	"runtime"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
)

// A library reads documents for simulated devices, with the real core in real
// child processes. Its readers live outside of all bubbles of testing/synctest:
// while one is asked, no time goes by for who asks.
type library struct{ free chan *reader }

// A reader does what it is asked to, one thing at a time.
type reader struct {
	child *materialize.Child
	asked chan func(*materialize.Child)
	done  chan struct{}
}

func openLibrary(t *testing.T) library {
	l := library{make(chan *reader, runtime.NumCPU())}
	for range cap(l.free) {
		r := &reader{materialize.New(materialize.Options{}), make(chan func(*materialize.Child)), make(chan struct{})}
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			for do := range r.asked {
				do(r.child)
				r.done <- struct{}{}
			}
		}()
		t.Cleanup(func() {
			close(r.asked)
			<-closed
			if err := r.child.Close(); err != nil {
				t.Error(err)
			}
		})
		l.free <- r
	}
	return l
}

// ask has the next reader that is free do something. A context of a bubble is of
// no use outside of it: what was begun is done to its end.
func (l library) ask(do func(context.Context, *materialize.Child)) {
	r := <-l.free
	r.asked <- func(child *materialize.Child) { do(context.Background(), child) }
	<-r.done
	l.free <- r
}

func (l library) Vet(_ context.Context, chunks [][]byte) (report chunk.Report, err error) {
	l.ask(func(ctx context.Context, c *materialize.Child) { report, err = c.Vet(ctx, chunks) })
	return report, err
}

func (l library) Compact(_ context.Context, chunks [][]byte) (snapshot []byte, err error) {
	l.ask(func(ctx context.Context, c *materialize.Child) { snapshot, err = c.Compact(ctx, chunks) })
	return snapshot, err
}

func (l library) Changes(_ context.Context, chunks [][]byte, have map[chunk.Actor]uint64) (changes [][]byte, err error) {
	l.ask(func(ctx context.Context, c *materialize.Child) { changes, err = c.Changes(ctx, chunks, have) })
	return changes, err
}

func (l library) Verify(_ context.Context, chunks [][]byte, signed map[chunk.Actor]chunk.Signed) (err error) {
	l.ask(func(ctx context.Context, c *materialize.Child) { err = c.Verify(ctx, chunks, signed) })
	return err
}

func (l library) Blobs(_ context.Context, chunks [][]byte) (blobs [][32]byte, err error) {
	l.ask(func(ctx context.Context, c *materialize.Child) { blobs, err = c.Blobs(ctx, chunks) })
	return blobs, err
}

var (
	_ crdt.Materializer = library{}
	_ crdt.BlobFinder   = library{}
)
