package crdt

import (
	"errors"
	"fmt"
)

// Incarnation returns what was last kept by SetIncarnation: by it, whoever
// opens a store recognises that it is where it was. fresh says that nothing is
// to be compared, since leases begin afresh anyway.
func (s *Store) Incarnation() (kept []byte, fresh bool, err error) {
	err = s.backend.View(func(r Reader) (err error) {
		kept, err = r.Get(incarnationKey)
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("look where this store was: %w", err)
	case len(kept) == 1:
		return nil, true, nil
	}
	return kept, false, nil
}

// SetIncarnation keeps what will be compared, more than one byte. It is durable
// when it returns.
func (s *Store) SetIncarnation(kept []byte) error {
	op := Op{Key: incarnationKey, Value: kept}
	if err := s.committer.commit(0, func(uint64) commit { return commit{final: []Op{op}} }); err != nil {
		return fmt.Errorf("keep where this store is: %w", err)
	}
	return nil
}
