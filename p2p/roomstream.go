package p2p

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

// gossipPatience is how long a peer may read nothing of what it is sent.
const gossipPatience = 20 * time.Second

// A roomStream is a stream of one room. It notices when gossipsub throws it
// away though nothing is wrong with it: that is how gossipsub, which has no
// hook for it, takes bytes that are no gossip. Where gossipsub throws away a
// stream in favour of a newer one, its reader notices, and reading fails.
type roomStream struct {
	network.Stream
	room      *roomHost
	direction network.Direction
	broken    atomic.Bool // reading or writing failed: nobody's fault
	abandoned atomic.Bool // we ended it ourselves
	reset     atomic.Bool // gossipsub did
}

// unreadable reports, once gossipsub is done with a stream, whether that is
// because of what came over it.
func (s *roomStream) unreadable() bool {
	return s.reset.Load() && !s.broken.Load() && !s.abandoned.Load()
}

// Read notes failures.
func (s *roomStream) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	if err != nil {
		s.broken.Store(true)
	}
	return n, err
}

// Write notes failures. Nothing leaves for a device that is no member any more,
// whatever gossipsub has queued for it, from the moment that our log says so:
// showing it out of the room takes a little longer.
func (s *roomStream) Write(p []byte) (int, error) {
	if !s.room.allows(s.Conn()) {
		s.abandon()
		return 0, fmt.Errorf("gossip with %s: %w", s.Conn().RemotePeer(), errOutsider)
	}
	// Who does not read must not have everything kept for them that is said.
	patience := gossipPatience + time.Duration(len(p))*time.Second/slowest
	if err := s.Stream.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return 0, fmt.Errorf("set deadline: %w", err)
	}
	n, err := s.Stream.Write(p)
	if err != nil {
		s.broken.Store(true)
	}
	return n, err
}

// Close ends our side, and leaves the room to hear the end of the other.
func (s *roomStream) Close() error {
	s.forget()
	return s.Stream.Close()
}

// Reset is how gossipsub ends a stream it cannot go on with.
func (s *roomStream) Reset() error {
	s.forget()
	s.reset.Store(true)
	return s.Stream.Reset()
}

// abandon resets the stream on our own account.
func (s *roomStream) abandon() {
	s.abandoned.Store(true)
	_ = s.Stream.Reset()
}

// forget lets the room go on without the stream. When ours to a peer ends,
// gossipsub forgets what that peer follows, and the peer, whose own stream goes
// on, would not say it again: so that one ends as well, and both begin anew. What
// the peer says then is not heard before that is forgotten, however long it takes.
func (s *roomStream) forget() {
	var deaf []*roomStream
	s.room.mu.Lock()
	streams := s.room.streams[s.Conn().RemotePeer()]
	if streams[s] && s.direction == network.DirOutbound {
		s.room.tear(s.Conn().RemotePeer())
		for other := range streams {
			if other.direction == network.DirInbound {
				deaf = append(deaf, other)
			}
		}
	}
	delete(streams, s)
	s.room.mu.Unlock()
	for _, other := range deaf {
		other.abandon()
	}
}
