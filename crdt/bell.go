package crdt

import (
	"context"
	"sync"
	"time"

	"parley/crdt/chunk"
	"parley/space"
)

// keptMoves is how many moves a listener may lag behind before it has to look
// at everything again.
const keptMoves = 1 << 16

// Move is one step of what the store holds: a change or a snapshot that was
// appended, or, where Document is zero, a space's membership that grew.
type Move struct {
	Position uint64
	Ref      Ref
	Actor    chunk.Actor // empty for a snapshot and for membership
	Seq      uint64
	Origin   Origin
	From     space.DeviceID // who sent it
	Time     time.Time
}

// Membership reports whether the move is about a space's members.
func (m Move) Membership() bool { return m.Ref.Document == DocumentID{} }

// bell keeps the newest moves, and wakes whoever waits for more. Listeners
// keep positions; there are no queues that could overflow.
type bell struct {
	mu       sync.Mutex
	ring     []Move // ring[at] is the oldest once it is full
	at       int
	lost     uint64 // the highest position that is not in the ring
	position uint64
	closed   bool
	rung     chan struct{} // closed when there is more
}

func newBell(position uint64) *bell {
	return &bell{position: position, lost: position, rung: make(chan struct{})}
}

// ring makes moves, in the order of their positions, visible.
func (b *bell) publish(position uint64, moves []Move) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range moves {
		if len(b.ring) < keptMoves {
			b.ring = append(b.ring, m)
			continue
		}
		b.lost = b.ring[b.at].Position
		b.ring[b.at] = m
		b.at = (b.at + 1) % keptMoves
	}
	b.position = position
	close(b.rung)
	b.rung = make(chan struct{})
}

// close sends everyone who waits away.
func (b *bell) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.rung)
	}
}

// after returns the moves above a position, oldest first.
func (b *bell) after(position uint64) (moves []Move, next uint64, rung <-chan struct{}, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return nil, b.position, nil, ErrClosed
	case position < b.lost || position > b.position:
		return nil, b.position, nil, ErrLagged
	}
	low, high := 0, len(b.ring)
	for low < high {
		mid := (low + high) / 2
		if b.nth(mid).Position <= position {
			low = mid + 1
		} else {
			high = mid
		}
	}
	for i := low; i < len(b.ring); i++ {
		moves = append(moves, b.nth(i))
	}
	return moves, b.position, b.rung, nil
}

func (b *bell) nth(i int) Move { return b.ring[(b.at+i)%len(b.ring)] }

// Position is that of the newest move. Positions grow for ever, over restarts
// too; some are skipped.
func (s *Store) Position() uint64 {
	s.bell.mu.Lock()
	defer s.bell.mu.Unlock()
	return s.bell.position
}

// Wait returns the moves after a position as soon as there are any, and the
// position to wait after next. It fails with ErrLagged, and the newest
// position, when moves between are no longer kept or the position is from the
// future: the caller then looks at everything and goes on from there. It
// fails with ErrClosed once the store is closed, and with ctx's error.
func (s *Store) Wait(ctx context.Context, after uint64) (moves []Move, next uint64, err error) {
	for {
		moves, next, rung, err := s.bell.after(after)
		if err != nil || len(moves) > 0 {
			return moves, next, err
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return nil, after, ctx.Err()
		}
	}
}
