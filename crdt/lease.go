package crdt

import (
	"fmt"
	"sync"

	"parley/crdt/chunk"
	"parley/space"
)

// Lease is the right to write one part as one actor. Nobody else holds the
// same while it is held, so that no actor ever forks: whoever holds it goes on
// from the actor's last durable sequence number, which is in the part's
// vector, and releases it only when all its changes have been answered.
type Lease struct {
	Actor [20]byte

	release func()
}

// Release gives the actor back. It may be called more than once.
func (l Lease) Release() { l.release() }

// Lease leases the actor of Options.Device with the smallest free number for
// a part, but for numbers that another device has signed for, or whose changes
// Mend has set aside. Leases end with the process.
func (s *Store) Lease(ref Ref) (Lease, error) {
	if _, ok := s.Log(ref.Space); !ok {
		return Lease{}, fmt.Errorf("lease an actor for %s: %w", ref, ErrUnknownSpace)
	}
	if s.device == (space.DeviceID{}) {
		return Lease{}, fmt.Errorf("lease an actor for %s: the store was opened without a device", ref)
	}
	taken := s.held(ref.Space).quarantine.actors(ref)
	err := s.withPart(ref, func(p *part, _ Reader) error {
		for actor, record := range p.actors {
			taken[actor] = taken[actor] || record.Device != s.device
		}
		return nil
	})
	if err != nil {
		return Lease{}, fmt.Errorf("lease an actor for %s: %w", ref, err)
	}
	number, release := s.leases.take(ref, func(number uint32) bool {
		actor := space.ActorFor(ref.Space, s.device, number)
		return !taken[chunk.Actor(actor[:])]
	})
	return Lease{Actor: space.ActorFor(ref.Space, s.device, number), release: release}, nil
}

// leases are the numbers in use.
type leases struct {
	mu   sync.Mutex
	held map[Ref]map[uint32]bool
}

func (l *leases) take(ref Ref, usable func(number uint32) bool) (number uint32, release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := l.held[ref]
	if held == nil {
		held = make(map[uint32]bool)
		l.held[ref] = held
	}
	for held[number] || !usable(number) {
		number++
	}
	held[number] = true
	return number, sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(held, number)
		if len(held) == 0 {
			delete(l.held, ref)
		}
	})
}
