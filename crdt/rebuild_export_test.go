package crdt

import (
	"context"

	"parley/crdt/chunk"
)

// Rebuild is rebuild, for tests.
func (s *Store) Rebuild(ctx context.Context, ref Ref, aside map[chunk.Hash]Reason, lost bool) (int, error) {
	return s.rebuild(ctx, ref, aside, lost)
}

// ChunkKey is the key of the loose change at a position, for tests that damage
// it.
func ChunkKey(ref Ref, position uint64) []byte { return positionedKey(ref, kindChange, position) }

// SnapshotKey is likewise that of a snapshot's description.
func SnapshotKey(ref Ref, position uint64) []byte { return positionedKey(ref, kindSnapshot, position) }

// ForgetForks forgets which parts are to be settled.
func (s *Store) ForgetForks() {
	for _, ok := s.forks.take(s.now()); ok; _, ok = s.forks.take(s.now()) {
	}
}
