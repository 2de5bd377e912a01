package crdt

import (
	"fmt"
	"sync"
	"time"

	"parley/space"
)

// Have is what a member was last known to hold of a part.
type Have struct {
	Vector Vector
	Time   time.Time
}

// maxPendingHave is how many are kept in memory before they are written.
const maxPendingHave = 1024

// haves holds what was learned and is not written yet. Losing it costs
// nothing but a less complete picture of who has what.
type haves struct {
	mu      sync.Mutex
	pending map[haveID]Have
}

type haveID struct {
	ref    Ref
	device space.DeviceID
}

// SetHave notes what a member holds of a part. It becomes durable some time
// later.
func (s *Store) SetHave(ref Ref, device space.DeviceID, vector Vector, at time.Time) error {
	s.haves.mu.Lock()
	s.haves.pending[haveID{ref, device}] = Have{Vector: vector.Clone(), Time: at}
	full := len(s.haves.pending) >= maxPendingHave
	s.haves.mu.Unlock()
	if full {
		return s.flushHave()
	}
	return nil
}

// Have returns what members are known to hold of a part.
func (s *Store) Have(ref Ref) (map[space.DeviceID]Have, error) {
	known := make(map[space.DeviceID]Have)
	prefix := refKey(tableHave, ref)
	err := s.backend.View(func(r Reader) error {
		return r.Scan(prefix, nil, func(key, value []byte) (bool, error) {
			var record haveRecord
			if err := read(key, value, &record); err != nil {
				return false, err
			}
			if rest := key[len(prefix):]; len(rest) == len(space.DeviceID{}) {
				known[space.DeviceID(rest)] = Have{Vector: vectorOf(record.Vector), Time: seconds(record.Time)}
			}
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("who has %s: %w", ref, err)
	}
	s.haves.mu.Lock()
	defer s.haves.mu.Unlock()
	for id, have := range s.haves.pending {
		if id.ref == ref {
			known[id.device] = Have{Vector: have.Vector.Clone(), Time: have.Time}
		}
	}
	return known, nil
}

// flushHave writes down what was learned.
func (s *Store) flushHave() error {
	s.haves.mu.Lock()
	pending := s.haves.pending
	s.haves.pending = make(map[haveID]Have)
	s.haves.mu.Unlock()
	if len(pending) == 0 {
		return nil
	}
	var ops []Op
	for id, have := range pending {
		record := haveRecord{Time: have.Time.Unix(), Vector: have.Vector.items()}
		ops = append(ops, Op{Key: haveKey(id.ref, id.device), Value: encode(record)})
	}
	if err := s.committer.commit(0, func(uint64) commit { return commit{after: ops} }); err != nil {
		return fmt.Errorf("write down who has what: %w", err)
	}
	return nil
}
