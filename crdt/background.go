package crdt

import (
	"context"
	"errors"
	"sync"
	"time"
)

// noteMoved tells those who keep summaries that a part moved, and asks for a
// compaction when it has grown enough. The part is locked.
func (s *Store) noteMoved(p *part) {
	s.directory(p.ref.Space).set(p.ref, &p.state)
	s.noteGrown(p)
	if s.materializer != nil {
		s.resting.note(p.ref, s.now())
	}
}

// noteGrown asks for a compaction when a part has grown enough. The part is
// locked.
func (s *Store) noteGrown(p *part) {
	grown := p.state.Loose >= uint64(s.compactCount) || p.state.LooseSize >= uint64(s.compactSize) || len(p.snapshots) > 1
	if grown && s.materializer != nil {
		s.compactions.add(p.ref)
	}
}

// Run does what nobody waits for until ctx ends: judging documents anew when the
// membership log has changed, compaction, making sure that what others wrote can
// be read, removing blobs that nothing refers to, giving room back on the disk,
// writing down what members have. The store works without it, but grows, and
// goes on holding what does not count any more.
func (s *Store) Run(ctx context.Context) error {
	var judging sync.WaitGroup
	judging.Go(func() { s.judge(ctx) })
	defer judging.Wait()
	tick := time.NewTicker(s.housekeeping)
	defer tick.Stop()
	roomless := make(map[Ref]bool) // for want of room on the disk they were not compacted
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.compactions.more:
			for ref, ok := s.compactions.take(); ok && ctx.Err() == nil; ref, ok = s.compactions.take() {
				if err := s.compactAndLook(ctx, ref); err != nil && ctx.Err() == nil {
					s.log.Warn("compaction failed, the document stays as it is", "ref", ref, "error", err)
					roomless[ref] = errors.Is(err, ErrFull)
				}
			}
		case <-s.forks.more:
			s.settleForks(ctx)
		case <-s.ailing.more:
			if err := s.Heal(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("documents of which something cannot be read stay as they are", "error", err)
			}
		case <-tick.C:
			for ref, yes := range roomless {
				if yes {
					s.compactions.again(ref)
				}
			}
			clear(roomless)
			s.settleForks(ctx)
			s.checkUp(ctx)
			s.layToRest(ctx)
			s.tendBlobs(ctx)
			if err := s.flushHave(); err != nil {
				s.log.Warn("what members have was not written down", "error", err)
			}
			if collector, ok := s.backend.(Collector); ok {
				if err := collector.Collect(); err != nil {
					s.log.Warn("room on the disk was not given back", "error", err)
				}
			}
		}
	}
}

// compactAndLook compacts a part, and asks for another compaction if so much
// was written meanwhile that it is due again: nobody may write there any more.
func (s *Store) compactAndLook(ctx context.Context, ref Ref) error {
	if err := s.Compact(ctx, ref); err != nil {
		return err
	}
	s.log.Debug("compacted a document", "ref", ref)
	return s.withPart(ref, func(p *part, _ Reader) error {
		s.noteGrown(p)
		return nil
	})
}

// compactQueue holds each part that wants compaction once.
type compactQueue struct {
	more chan struct{} // capacity 1: there is something in the queue

	mu     sync.Mutex
	refs   []Ref
	queued map[Ref]bool
	busy   map[Ref]bool
	// skip counts the moves that a part whose compaction failed is left alone
	// for: twice as many each time, since it will likely fail again.
	skip, skipped map[Ref]int
}

func newCompactQueue() *compactQueue {
	return &compactQueue{
		more:    make(chan struct{}, 1),
		queued:  make(map[Ref]bool),
		busy:    make(map[Ref]bool),
		skip:    make(map[Ref]int),
		skipped: make(map[Ref]int),
	}
}

func (q *compactQueue) add(ref Ref) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.queued[ref] || q.busy[ref] {
		return
	}
	if q.skipped[ref] < q.skip[ref] {
		q.skipped[ref]++
		return
	}
	q.queued[ref] = true
	q.refs = append(q.refs, ref)
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// again is add for a part whose last compaction failed through no fault of its
// own.
func (q *compactQueue) again(ref Ref) {
	q.mu.Lock()
	delete(q.skip, ref)
	q.mu.Unlock()
	q.add(ref)
}

func (q *compactQueue) take() (Ref, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.refs) == 0 {
		return Ref{}, false
	}
	ref := q.refs[0]
	q.refs = q.refs[1:]
	delete(q.queued, ref)
	return ref, true
}

// begin reports whether nobody else is at it.
func (q *compactQueue) begin(ref Ref) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.busy[ref] {
		return false
	}
	q.busy[ref] = true
	return true
}

func (q *compactQueue) end(ref Ref, good bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.busy, ref)
	delete(q.skipped, ref)
	if good {
		delete(q.skip, ref)
		return
	}
	q.skip[ref] = max(64, 2*q.skip[ref])
}
