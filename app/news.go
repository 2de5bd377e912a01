package app

import (
	"sync"

	"parley/space"
)

// topic is something that can change without a change of any document.
type topic struct {
	event EventName
	space space.ID // zero where the event is about no space
}

// news tells windows that something is not as it was. Like the store's bell it
// keeps counts, not messages: however often a topic rings while a window is
// busy, the window looks once.
type news struct {
	mu     sync.Mutex
	counts map[topic]uint64
	rung   chan struct{} // closed, and replaced, by every ring
}

func newNews() *news {
	return &news{counts: make(map[topic]uint64), rung: make(chan struct{})}
}

func (n *news) ring(topics ...topic) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, t := range topics {
		n.counts[t]++
	}
	close(n.rung)
	n.rung = make(chan struct{})
}

// current is where a listener begins that has seen everything so far.
func (n *news) current() map[topic]uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	seen := make(map[topic]uint64, len(n.counts))
	for t, count := range n.counts {
		seen[t] = count
	}
	return seen
}

// since returns the topics that have rung since seen, and counts them as seen.
// rung is closed at the next ring.
func (n *news) since(seen map[topic]uint64) (fresh []topic, rung <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for t, count := range n.counts {
		if seen[t] != count {
			seen[t] = count
			fresh = append(fresh, t)
		}
	}
	return fresh, n.rung
}
