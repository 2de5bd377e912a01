package crdt

import (
	"context"

	"parley/crdt/chunk"
)

// unfold takes a snapshot apart in this process. One at a time: each takes tens of
// megabytes meanwhile.
func (s *Store) unfold(snapshot chunk.Snapshot, keep func(chunk.Hash, []byte)) (*chunk.History, error) {
	s.unfolding.Lock()
	defer s.unfolding.Unlock()
	return snapshot.Unfold(keep)
}

// changesIn takes snapshots apart into their changes, dependencies first and each
// once, whether or not the core could read them. The materializer is asked about
// those that cannot be unfolded here.
func (s *Store) changesIn(ctx context.Context, snapshots [][]byte) ([][]byte, error) {
	var list [][]byte
	seen := make(map[chunk.Hash]bool)
	for _, raw := range snapshots {
		snapshot, err := chunk.ParseSnapshot(raw, s.limits)
		if err == nil {
			_, err = s.unfold(snapshot, func(hash chunk.Hash, raw []byte) {
				if !seen[hash] {
					seen[hash] = true
					list = append(list, raw)
				}
			})
		}
		if err == nil {
			continue
		}
		if s.materializer == nil {
			return nil, errNoMaterializer
		}
		return s.materializer.Changes(ctx, snapshots, nil)
	}
	return list, nil
}

// among sets those of some hashes that are the names of changes in the snapshots
// among chunks. It reports whether all of the snapshots could be unfolded.
func (s *Store) among(chunks [][]byte, wanted map[chunk.Hash]bool) bool {
	for _, raw := range chunks {
		if kind, err := chunk.KindOf(raw); err != nil || kind != chunk.KindDocument {
			continue
		}
		snapshot, err := chunk.ParseSnapshot(raw, s.limits)
		if err != nil {
			return false
		}
		history, err := s.unfold(snapshot, nil)
		if err != nil {
			return false
		}
		for hash := range history.Hashes() {
			if _, asked := wanted[hash]; asked {
				wanted[hash] = true
			}
		}
	}
	return true
}
