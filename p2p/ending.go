package p2p

import (
	"sync"
	"time"

	"parley/space"
)

const (
	endingsKept  = 256             // in memory
	endingAnyway = 5 * time.Second // for which an ending is good whatever the log says meanwhile
)

// endings remembers what was found to tell devices that do not belong any more:
// to find it takes a look at the whole log, and they may ask again and again.
type endings struct {
	mu    sync.Mutex
	known map[endingKey]ending
}

type endingKey struct {
	space   space.ID
	device  space.DeviceID
	witness space.DeviceID
}

type ending struct {
	entries [][]byte
	of      [32]byte // the log's digest
	at      time.Time
}

// ending is what shows that this device or the other does not belong to a space
// any more, if one does and one does not. There is none for a device that was
// never let in, nor for one that cannot know us to belong: we came later.
func (n *Node) ending(log *space.Log, other space.DeviceID) [][]byte {
	_, us := log.Member(n.device)
	_, them := log.Member(other)
	switch {
	case us && !them:
		return n.endings.of(log, endingKey{log.ID(), other, n.device})
	case them && !us:
		return n.endings.of(log, endingKey{log.ID(), n.device, space.DeviceID{}})
	}
	return nil
}

func (s *endings) of(log *space.Log, key endingKey) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	digest, now := log.Digest(), time.Now()
	if e, ok := s.known[key]; ok && (e.of == digest || now.Sub(e.at) < endingAnyway && len(e.entries) > 0) {
		return e.entries
	}
	if s.known == nil || len(s.known) >= endingsKept {
		s.known = make(map[endingKey]ending)
	}
	e := ending{entries: log.Ending(key.device, key.witness), of: digest, at: now}
	s.known[key] = e
	return e.entries
}
