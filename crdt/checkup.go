package crdt

import (
	"context"
	"sync"
	"time"
)

// checkups are the parts that others have changed since somebody made sure
// that they can be read. Appending does not look into changes, so this is done
// afterwards, when nobody waits for it.
type checkups struct {
	mu   sync.Mutex
	due  map[Ref]bool
	rest map[Ref]time.Time // until when a part that takes long is left alone
}

// A part is left alone restFactor times longer than looking at it took, and
// only so many are looked at in one go, since others need the materializer.
const (
	restFactor  = 60
	maxCheckups = 16
)

func newCheckups() *checkups {
	return &checkups{due: make(map[Ref]bool), rest: make(map[Ref]time.Time)}
}

func (c *checkups) add(ref Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due[ref] = true
}

// take hands out the parts whose turn it is.
func (c *checkups) take(now time.Time) (refs []Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ref := range c.due {
		if len(refs) == maxCheckups {
			break
		}
		if until, ok := c.rest[ref]; !ok || now.After(until) {
			refs = append(refs, ref)
			delete(c.due, ref)
			delete(c.rest, ref)
		}
	}
	return refs
}

func (c *checkups) leave(ref Ref, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rest[ref] = until
}

// checkUp vets what others have changed, so that what makes a document
// unreadable is set aside before somebody wants to read it.
func (s *Store) checkUp(ctx context.Context) {
	for _, ref := range s.checkups.take(s.now()) {
		began := s.now()
		_, err := s.Vetted(ctx, ref)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.log.Warn("a document cannot be read", "ref", ref, "error", err)
		}
		ended := s.now()
		s.checkups.leave(ref, ended.Add(restFactor*ended.Sub(began)))
	}
}
