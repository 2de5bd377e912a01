package crdt

import "parley/space"

// Awaiting counts, by part and author, what is in quarantine of a space and a
// facilitator could let in (Quarantined.Admissible). It reads nothing from the
// disk.
func (s *Store) Awaiting(id space.ID) int {
	held := s.held(id)
	if held == nil || held.gone.Load() {
		return 0
	}
	type author struct {
		ref    Ref
		device space.DeviceID
	}
	authors := make(map[author]bool)
	q := held.quarantine
	q.mu.Lock()
	defer q.mu.Unlock()
	for ref, aside := range q.aside {
		for _, what := range aside {
			if !what.reason.judged() {
				continue
			}
			device := what.by
			if owner, ok := ownerOf(held.log, what.actor); ok {
				device = owner
			}
			authors[author{ref, device}] = true
		}
	}
	return len(authors)
}

// noteRefused tells whoever asked that what is in quarantine has changed.
func (s *Store) noteRefused(id space.ID, records int) {
	if records > 0 && s.refused != nil {
		s.refused(id)
	}
}
