package p2p

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"

	"parley/space"
)

const gossipProtocol protocol.ID = "/parley/gossip/3"

var errOutsider = errors.New("the device does not share this space")

// A roomHost is the host as the gossip of one space sees it: its only peers
// are devices that share the space, and it cannot dial. gossipsub tells every
// peer it sees which topics there are and what was said in them; so a router
// of its own on a host of its own for each space is what keeps one space's
// gossip from the members of another.
type roomHost struct {
	host.Host
	id       space.ID
	bus      event.Bus
	arrivals event.Emitter
	allows   func(network.Conn) bool // whether its peer is a member now, by our log, and it is a way to speak of the space
	faulty   func(peer.ID)           // called when gossipsub cannot read what a peer sent

	mu      sync.Mutex
	handler network.StreamHandler
	streams map[peer.ID]map[*roomStream]bool // peers of the room, and their streams
	came    map[peer.ID]bool                 // that have opened one since they entered
	torn    map[peer.ID]chan struct{}        // to whom our stream has ended; closed when gossipsub is past that
}

func newRoomHost(h host.Host, id space.ID, allows func(network.Conn) bool, faulty func(peer.ID)) (*roomHost, error) {
	bus := eventbus.NewBus()
	arrivals, err := bus.Emitter(new(event.EvtPeerIdentificationCompleted))
	if err != nil {
		return nil, fmt.Errorf("prepare room: %w", err)
	}
	return &roomHost{
		Host: h, id: id, bus: bus, arrivals: arrivals, allows: allows, faulty: faulty,
		streams: make(map[peer.ID]map[*roomStream]bool),
		came:    make(map[peer.ID]bool),
		torn:    make(map[peer.ID]chan struct{}),
	}, nil
}

// enter lets a peer take part. It may open streams from now on; gossipsub is
// told by arrive.
func (h *roomHost) enter(p peer.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.streams[p] == nil {
		h.streams[p] = make(map[*roomStream]bool)
	}
}

// arrive emits the event that gossipsub takes for the moment to open a stream.
func (h *roomHost) arrive(p peer.ID) {
	_ = h.arrivals.Emit(event.EvtPeerIdentificationCompleted{Peer: p, Protocols: []protocol.ID{gossipProtocol}})
}

// revive tells gossipsub again of peers to whom it has no stream. It tries a
// few times to open one, and then gives up for good.
func (h *roomHost) revive() {
	var cut []peer.ID
	h.mu.Lock()
	for p, streams := range h.streams {
		open := false
		for s := range streams {
			open = open || s.direction == network.DirOutbound
		}
		if !open {
			cut = append(cut, p)
		}
	}
	h.mu.Unlock()
	for _, p := range cut {
		h.arrive(p)
	}
}

// leave ends a peer's part, and its streams of this room.
func (h *roomHost) leave(p peer.ID) {
	h.mu.Lock()
	streams := h.streams[p]
	delete(h.streams, p)
	delete(h.came, p)
	torn := h.mend(p) // nobody is let in who waits for it
	for s := range streams {
		torn = torn || s.direction == network.DirOutbound
	}
	if torn {
		h.tear(p)
	}
	h.mu.Unlock()
	for s := range streams {
		s.abandon()
	}
}

// comesAgain reports whether a peer has opened a stream before, since it
// entered, and takes note that it does now.
func (h *roomHost) comesAgain(p peer.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	again := h.came[p]
	h.came[p] = true
	return again
}

// tear notes that our stream to a peer has ended. At some time after that
// gossipsub forgets what the peer follows, and must not have heard before what
// the peer says at the beginning of its next stream. The caller holds mu.
func (h *roomHost) tear(p peer.ID) {
	if h.torn[p] == nil {
		h.torn[p] = make(chan struct{})
	}
}

// mend is its opposite, and reports whether there was something to mend. The
// caller holds mu.
func (h *roomHost) mend(p peer.ID) bool {
	torn := h.torn[p]
	if torn != nil {
		close(torn)
		delete(h.torn, p)
	}
	return torn != nil
}

// whole waits until gossipsub has forgotten what it is to forget of a peer, and
// reports false if ctx ended first.
func (h *roomHost) whole(ctx context.Context, p peer.ID) bool {
	for {
		h.mu.Lock()
		torn := h.torn[p]
		h.mu.Unlock()
		if torn == nil {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-torn:
			if !h.takesPart(p) {
				return false
			}
		}
	}
}

// accept gives a stream that a peer opened to gossipsub, and returns when
// gossipsub is done with it, or when ctx ended before it began.
func (h *roomHost) accept(ctx context.Context, stream network.Stream) error {
	p := stream.Conn().RemotePeer()
	if !h.whole(ctx, p) {
		return fmt.Errorf("accept gossip of %s: %w", p, errOutsider)
	}
	h.mu.Lock()
	handler := h.handler
	s := h.adopt(stream, network.DirInbound)
	h.mu.Unlock()
	if handler == nil || s == nil {
		return fmt.Errorf("accept gossip of %s: %w", p, errOutsider)
	}
	handler(s)
	s.forget()
	if s.unreadable() {
		h.faulty(p)
	}
	return nil
}

// adopt takes note of a stream. The caller holds mu. It returns nil if the
// peer does not take part.
func (h *roomHost) adopt(stream network.Stream, direction network.Direction) *roomStream {
	p := stream.Conn().RemotePeer()
	streams, ok := h.streams[p]
	if !ok {
		return nil
	}
	s := &roomStream{Stream: stream, room: h, direction: direction}
	streams[s] = true
	return s
}

// NewStream opens a stream of this room to a peer that takes part.
func (h *roomHost) NewStream(ctx context.Context, p peer.ID, _ ...protocol.ID) (network.Stream, error) {
	// gossipsub asks for another one only when it has forgotten the one before.
	h.mu.Lock()
	h.mend(p)
	h.mu.Unlock()
	if h.Network().Connectedness(p) != network.Connected {
		return nil, fmt.Errorf("open gossip with %s: %w", p, errOutsider)
	}
	stream, err := h.Host.NewStream(network.WithNoDial(ctx, "gossip"), p, gossipProtocol)
	if err != nil {
		return nil, fmt.Errorf("open gossip with %s: %w", p, err)
	}
	if !h.allows(stream.Conn()) {
		_ = stream.Reset()
		return nil, fmt.Errorf("open gossip with %s: %w", p, errOutsider)
	}
	c := converse(stream, helloPatience)
	err = c.say(&enterRoom{Space: h.id})
	if err == nil {
		err = c.flush()
	}
	if err != nil {
		_ = stream.Reset()
		return nil, fmt.Errorf("open gossip with %s: %w", p, err)
	}
	h.mu.Lock()
	s := h.adopt(stream, network.DirOutbound)
	h.mu.Unlock()
	if s == nil {
		_ = stream.Reset()
		return nil, fmt.Errorf("open gossip with %s: %w", p, errOutsider)
	}
	return s, nil
}

// Connect never dials: gossip goes where connections are.
func (h *roomHost) Connect(context.Context, peer.AddrInfo) error { return errOutsider }

// EventBus carries the arrivals of this room only.
func (h *roomHost) EventBus() event.Bus { return h.bus }

// SetStreamHandler keeps gossipsub's handler for accept.
func (h *roomHost) SetStreamHandler(_ protocol.ID, handler network.StreamHandler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handler = handler
}

// RemoveStreamHandler is the opposite of SetStreamHandler.
func (h *roomHost) RemoveStreamHandler(protocol.ID) { h.SetStreamHandler("", nil) }

// Network shows the room's peers only.
func (h *roomHost) Network() network.Network { return roomNetwork{h.Host.Network(), h} }

func (h *roomHost) takesPart(p peer.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.streams[p] != nil
}

type roomNetwork struct {
	network.Network
	room *roomHost
}

func (n roomNetwork) Peers() (peers []peer.ID) {
	n.room.mu.Lock()
	defer n.room.mu.Unlock()
	for p := range n.room.streams {
		peers = append(peers, p)
	}
	return peers
}

func (n roomNetwork) Connectedness(p peer.ID) network.Connectedness {
	if !n.room.takesPart(p) {
		return network.NotConnected
	}
	return n.Network.Connectedness(p)
}

func (n roomNetwork) ConnsToPeer(p peer.ID) []network.Conn {
	if !n.room.takesPart(p) {
		return nil
	}
	return n.Network.ConnsToPeer(p)
}
