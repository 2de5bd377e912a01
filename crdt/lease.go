package crdt

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math"
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
// a part, from where FreshLeases has put the beginning, but for numbers that
// another device has signed for, or whose changes Mend has set aside. Leases end
// with the process.
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

// leaseBlocks is how many beginnings there are for leases, and leaseBlock how
// far they are apart: a part is hardly ever open in more windows.
const (
	leaseBlock  = 1 << 10
	leaseBlocks = 1 << 21
)

// FreshLeases has all leases from now on begin at numbers that this store has
// never used, and no copy of it either, unless by a chance of one in two
// million. It is for a store that may not be the only one that goes on from
// what it holds: it was copied, restored, or put back; or for one that has lost
// something, and does not know what it has written last. What was leased before
// stays leased. It is durable when it returns, and may be called at any time.
func (s *Store) FreshLeases() error {
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return fmt.Errorf("take fresh leases: %w", err)
	}
	base := (1 + binary.BigEndian.Uint32(random[:])%(leaseBlocks-1)) * leaseBlock
	ops := []Op{numberOp(leaseKey, uint64(base)), {Key: incarnationKey, Value: []byte{0}}}
	apply := func() { s.leases.begin(base) }
	if err := s.committer.commit(0, func(uint64) commit { return commit{final: ops, apply: apply} }); err != nil {
		return fmt.Errorf("take fresh leases: %w", err)
	}
	return nil
}

func readLeaseBase(r Reader) (uint32, error) {
	base, err := readNumber(r, leaseKey)
	if err == nil && base > math.MaxUint32 {
		err = fmt.Errorf("%w: %x", ErrDamaged, leaseKey)
	}
	return uint32(base), err
}

// leases are the numbers in use.
type leases struct {
	mu   sync.Mutex
	base uint32 // the lowest to give out
	held map[Ref]map[uint32]bool
}

func (l *leases) begin(base uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.base = base
}

// current reports whether an actor is one of those that are leased now.
func (l *leases) current(actor chunk.Actor) bool {
	if len(actor) != len(Lease{}.Actor) {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	number := binary.BigEndian.Uint32([]byte(actor[16:]))
	return number >= l.base && number-l.base < leaseBlock
}

func (l *leases) take(ref Ref, usable func(number uint32) bool) (number uint32, release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := l.held[ref]
	if held == nil {
		held = make(map[uint32]bool)
		l.held[ref] = held
	}
	for number = l.base; held[number] || !usable(number); {
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
