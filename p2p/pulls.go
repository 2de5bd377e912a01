package p2p

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"parley/space"
)

// pulls are those under way in one room, asked for or served: a peer's end at
// once when it is shown out.
type pulls struct {
	mu    sync.Mutex
	under map[peer.ID]map[*conversation]bool
}

// begin takes note of a pull. Whoever begins one looks afterwards whether the
// peer is still a member: one that is shown out meanwhile is seen here or there.
func (s *pulls) begin(p peer.ID, c *conversation) (done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under[p] == nil {
		s.under[p] = make(map[*conversation]bool)
	}
	s.under[p][c] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.under[p], c)
		if len(s.under[p]) == 0 {
			delete(s.under, p)
		}
	}
}

// heard is when a peer from which something is pulled said something last; the
// zero time if nothing is.
func (s *pulls) heard(from peer.ID) (last time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.under[from] {
		if at := time.Unix(0, c.heard.Load()); c.stream.Stat().Direction == network.DirOutbound && at.After(last) {
			last = at
		}
	}
	return last
}

// gained is when a peer from which something is pulled said something new last;
// the zero time if it never did.
func (s *pulls) gained(from peer.ID) (last time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.under[from] {
		if at := c.gained.Load(); at > 0 && time.Unix(0, at).After(last) {
			last = time.Unix(0, at)
		}
	}
	return last
}

// end aborts all pulls from a peer and to it.
func (s *pulls) end(p peer.ID) {
	s.mu.Lock()
	under := s.under[p]
	delete(s.under, p)
	s.mu.Unlock()
	for c := range under {
		c.abort()
	}
}

// A service is a conversation in which a member is given what a space holds.
type service struct {
	*conversation
	room *room
}

// serves begins to serve a member, until done is called. For somebody else it
// fails just as for a space that is unknown here.
func (o *online) serves(c *conversation, id space.ID) (s *service, done func(), err error) {
	r := o.room(id)
	if r == nil || !r.allows(c.stream.Conn()) {
		return nil, nil, errOutsider
	}
	return &service{c, r}, r.pulls.begin(c.stream.Conn().RemotePeer(), c), nil
}

// say is the conversation's, to a member only: one that is removed meanwhile
// gets no further message.
func (s *service) say(messages ...message) error {
	if !s.room.allows(s.stream.Conn()) {
		return errOutsider
	}
	return s.conversation.say(messages...)
}
