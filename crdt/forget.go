package crdt

import (
	"bytes"
	"context"
	"fmt"

	"parley/space"
)

// A space that is forgotten is gone from the moment on in which that is on the
// disk: nobody can open it or add to it any more. Its records are deleted after
// that, and what others were still writing then, when the store is opened next.

// forgottenKey says that a space is forgotten whose records may still be there.
func forgottenKey(id space.ID) []byte { return append([]byte{topForgotten}, id[:]...) }

// Forget deletes everything of a space: its documents, files, membership log,
// and what was refused. The space can come back, by CreateSpace, as one that
// this device has never had; what it wrote there before it does not write under
// the same numbers again. It fails with ErrUnknownSpace or ErrClosed.
func (s *Store) Forget(ctx context.Context, id space.ID) error {
	held := s.held(id)
	if held == nil || held.gone.Load() {
		return fmt.Errorf("forget space: %w", ErrUnknownSpace)
	}
	// First, so that the numbers are never given out again, whatever happens.
	if err := s.FreshLeases(); err != nil {
		return fmt.Errorf("forget space: %w", err)
	}
	held.mu.Lock() // no entries are being added
	defer held.mu.Unlock()
	err := s.committer.commit(1, func(first uint64) commit {
		return commit{
			final: []Op{{Key: forgottenKey(id), Value: []byte{1}}},
			apply: func() { held.gone.Store(true) },
			moves: []Move{{Position: first, Ref: Ref{Space: id}, Time: s.now()}},
		}
	})
	if err != nil {
		return fmt.Errorf("forget space: %w", err)
	}
	s.cache.forget(id)
	if err := purge(ctx, s.backend, id, s.write); err != nil {
		// It is gone for everybody, and what is left goes when the store is
		// opened next.
		s.log.Warn("what is left of a forgotten space will be deleted later", "space", id, "err", err)
	}
	return nil
}

// recall makes room for a space that comes back.
func (s *Store) recall(id space.ID) error {
	if err := purge(context.Background(), s.backend, id, s.write); err != nil {
		return err
	}
	s.cache.forget(id)
	if err := s.write([]Op{{Key: forgottenKey(id)}}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.spaces, id)
	return nil
}

// write makes records durable, all or none of them, that nobody waits for.
func (s *Store) write(ops []Op) error {
	return s.committer.commit(0, func(uint64) commit { return commit{final: ops} })
}

// purgeAtOnce is how many records are deleted together.
const purgeAtOnce = 1024

// purge deletes every record of a space.
func purge(ctx context.Context, b Backend, id space.ID, write func([]Op) error) error {
	prefix := append([]byte{topSpace}, id[:]...)
	for {
		var ops []Op
		err := b.View(func(r Reader) error {
			return r.Scan(prefix, nil, func(key, _ []byte) (bool, error) {
				ops = append(ops, Op{Key: bytes.Clone(key)})
				return len(ops) < purgeAtOnce, nil
			})
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || len(ops) == 0 {
			return err
		}
		if err := write(ops); err != nil {
			return err
		}
	}
}

// purgeForgotten deletes what is left of spaces that were forgotten before the
// store was opened.
func purgeForgotten(b Backend) error {
	var ids []space.ID
	err := b.View(func(r Reader) error {
		return r.Scan([]byte{topForgotten}, nil, func(key, _ []byte) (bool, error) {
			if len(key) == spaceKeySize {
				ids = append(ids, space.ID(key[1:]))
			}
			return true, nil
		})
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := purge(context.Background(), b, id, b.Write); err != nil {
			return fmt.Errorf("delete forgotten space: %w", err)
		}
		if err := b.Write([]Op{{Key: forgottenKey(id)}}); err != nil {
			return fmt.Errorf("delete forgotten space: %w", err)
		}
	}
	return nil
}

// forget takes the parts of a space for unread.
func (c *cache) forget(id space.ID) {
	c.mu.Lock()
	var used []Ref
	for ref, p := range c.parts {
		if ref.Space != id {
			continue
		}
		if p.users > 0 {
			used = append(used, ref)
			continue
		}
		c.idle.Remove(c.where[ref])
		delete(c.where, ref)
		delete(c.parts, ref)
	}
	for ref := range c.swept {
		if ref.Space == id {
			delete(c.swept, ref)
		}
	}
	c.mu.Unlock()
	for _, ref := range used {
		p := c.acquire(ref)
		p.loaded, p.clean, p.swept = false, false, false
		c.release(p)
	}
}
