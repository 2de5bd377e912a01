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
	times   int // that the device was let in
}

type ending struct {
	entries [][]byte
	of      [32]byte // the log's digest
	at      time.Time
}

// endingOf says whose ending is to be told, and to whom that must be shown to be
// in, if we belong to a space and another does not. Who cannot know us is told
// nothing.
func (n *Node) endingOf(log *space.Log, other space.DeviceID) (key endingKey, ok bool) {
	_, us := log.Member(n.device)
	_, them := log.Member(other)
	return endingKey{log.ID(), other, n.device, log.LetIn(other)}, us && !them
}

// knownEnding is what shows that another device does not belong to a space any
// more, which may be nothing. It reports false if that has to be found first.
func (n *Node) knownEnding(log *space.Log, other space.DeviceID) (entries [][]byte, known bool) {
	key, ok := n.endingOf(log, other)
	if !ok {
		return nil, true
	}
	n.endings.mu.Lock()
	defer n.endings.mu.Unlock()
	e, ok := n.endings.known[key]
	if !ok || e.of != log.Digest() && time.Since(e.at) > endingAnyway {
		return nil, false
	}
	return e.entries, true
}

// findEnding looks for it, which takes as long as a look at the whole log.
func (n *Node) findEnding(log *space.Log, other space.DeviceID) [][]byte {
	key, ok := n.endingOf(log, other)
	if !ok {
		return nil
	}
	e := ending{of: log.Digest(), at: time.Now()}
	e.entries = log.Ending(key.device, key.witness)
	n.endings.mu.Lock()
	defer n.endings.mu.Unlock()
	if n.endings.known == nil || len(n.endings.known) >= endingsKept {
		n.endings.known = make(map[endingKey]ending)
	}
	n.endings.known[key] = e
	return e.entries
}
