package crdt

import (
	"context"
	"sync"
	"time"
)

// resting are the parts that have moved, and when. One that has been left alone
// for a while goes into its snapshot as a whole: the changes beside it, each
// with a signature of its own, would take more room than the snapshot.
type resting struct {
	mu    sync.Mutex
	since map[Ref]time.Time
}

// fewLoose is how many changes may stay as they are where there is no snapshot.
const fewLoose = 32

func newResting() *resting { return &resting{since: make(map[Ref]time.Time)} }

func (r *resting) note(ref Ref, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since[ref] = now
}

// take hands out the parts that have not moved since a time, or that a clock
// which was set back says will.
func (r *resting) take(before, now time.Time) (refs []Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ref, since := range r.since {
		if since.Before(before) || since.After(now) {
			refs = append(refs, ref)
			delete(r.since, ref)
		}
	}
	return refs
}

// layToRest compacts what has been left alone.
func (s *Store) layToRest(ctx context.Context) {
	now := s.now()
	for _, ref := range s.resting.take(now.Add(-s.quiet), now) {
		worth := false
		err := s.withPart(ref, func(p *part, _ Reader) error {
			worth = len(p.snapshots) > 0 || p.state.Loose > fewLoose
			return nil
		})
		if err == nil && worth {
			err = s.CompactWhole(ctx, ref)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.log.Warn("compaction failed, the document stays as it is", "ref", ref, "error", err)
		}
	}
}
