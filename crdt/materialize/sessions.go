package materialize

import (
	"context"
	"fmt"
	"sync"
	"time"

	"parley/crdt/chunk"
)

// maxSessions is how many documents are held open at once.
const maxSessions = 16

// sessions are documents that a process of their own holds open, so that
// taking in one more change costs as much as the change and not as much as the
// document. Those used longest ago are closed when there are too many.
type sessions struct {
	lane *lane

	mu   sync.Mutex // guards all below
	last uint64     // number given out
	open map[uint64]*session
}

type session struct {
	process *process // which holds it
	size    int64    // bytes that it takes, by the process's own estimate
	used    time.Time
}

func newSessions(options Options) *sessions {
	s := &sessions{lane: newLane(options), open: make(map[uint64]*session)}
	s.lane.needed = func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.open) > 0
	}
	return s
}

// Open opens a document, which must be complete, to take in further changes as
// they come. It returns a session's number; CloseSession ends it. It fails like
// Vet.
func (c *Child) Open(ctx context.Context, chunks [][]byte) (number uint64, err error) {
	s := c.sessions
	s.mu.Lock()
	s.last++
	number = s.last
	s.mu.Unlock()
	r, err := s.lane.do(ctx, request{Operation: opOpen, Session: number, Chunks: chunks})
	if err != nil {
		return 0, wrap("open document", err)
	}
	s.lane.mu.Lock()
	process := s.lane.process
	s.lane.mu.Unlock()
	s.mu.Lock()
	s.open[number] = &session{process: process, size: r.Size, used: time.Now()}
	beyond := s.beyond()
	s.mu.Unlock()
	for _, old := range beyond {
		c.CloseSession(old)
	}
	return number, nil
}

// Add takes changes into an open document, each after those it depends on. It
// fails with chunk.ErrNoSession if the session has ended meanwhile, as it does
// with its process. After any error the session is closed.
func (c *Child) Add(ctx context.Context, number uint64, changes [][]byte) error {
	s := c.sessions
	s.mu.Lock()
	held := s.open[number]
	if held != nil {
		held.used = time.Now()
	}
	s.mu.Unlock()
	if held == nil {
		return fmt.Errorf("add to document: %w", chunk.ErrNoSession)
	}
	_, err := s.lane.do(ctx, request{Operation: opAdd, Session: number, Chunks: changes})
	if err != nil {
		c.CloseSession(number)
	}
	return wrap("add to document", err)
}

// CloseSession ends a session, if it is open, and gives its memory back.
func (c *Child) CloseSession(number uint64) {
	s := c.sessions
	s.mu.Lock()
	held := s.open[number]
	delete(s.open, number)
	s.mu.Unlock()
	if held == nil || held.process.gone() {
		return
	}
	// Nobody waits for it. Whatever goes wrong ends the process, and with it
	// the session.
	_, _ = s.lane.do(context.Background(), request{Operation: opShut, Session: number})
}

// beyond lists the sessions that are too many or take too much, those used
// longest ago first. What is gone with its process is forgotten.
func (s *sessions) beyond() (numbers []uint64) {
	var total int64
	for number, held := range s.open {
		if held.process.gone() {
			delete(s.open, number)
			continue
		}
		total += held.size
	}
	gone := make(map[uint64]bool)
	for len(s.open)-len(gone) > maxSessions || total > s.lane.options.Held && len(gone) < len(s.open) {
		var oldest uint64
		for number, held := range s.open {
			if !gone[number] && (oldest == 0 || held.used.Before(s.open[oldest].used)) {
				oldest = number
			}
		}
		gone[oldest] = true
		total -= s.open[oldest].size
		numbers = append(numbers, oldest)
	}
	return numbers
}
