package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/protocol/autonatv2"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multiaddr"
)

const (
	outsideAgain  = 30 * time.Minute // between looks, when nothing has happened
	outsidePatch  = 30 * time.Second // for one look
	maxCandidates = 8                // addresses at which others see us
)

// Outside finds out whether this device can be reached from the internet, by
// AutoNAT v2: fellow members, connected straight over the internet, are asked to
// dial, and are answered when they ask. Nobody else is. What it takes to dial
// others back, a second host, is made when somebody first asks or is asked.
type outside struct {
	online *online
	wake   chan struct{} // holds at most one: look again

	mu     sync.Mutex
	closed bool
	nat    *autonatv2.AutoNAT // nil: not needed yet
	answer network.StreamHandler
	told   event.Emitter         // to nat: who may be asked
	seen   []multiaddr.Multiaddr // where others see us, newest first
	works  []multiaddr.Multiaddr // of these and our own, what leads here
	fails  []multiaddr.Multiaddr // and what does not
}

func newOutside(o *online) *outside { return &outside{online: o, wake: make(chan struct{}, 1)} }

// mayProbe reports whether a peer may be asked to dial back, and may ask: it
// shares a space that leaves the local network, and sees us from outside.
func (s *outside) mayProbe(p peer.ID) bool {
	best := s.online.best(p)
	if best == nil || s.online.via(best.RemoteMultiaddr()) != ViaDirect {
		return false
	}
	s.online.mu.Lock()
	defer s.online.mu.Unlock()
	known := s.online.peers[p]
	if known == nil {
		return false
	}
	for id := range known.shared {
		if !s.online.node.staysLocal(id) {
			return true
		}
	}
	return false
}

// run looks when there is reason to, until the network is switched off.
func (s *outside) run() {
	timer := time.NewTimer(jittered(outsideAgain))
	defer timer.Stop()
	for {
		select {
		case <-s.online.ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
		s.look(s.online.ctx)
		timer.Reset(jittered(outsideAgain))
	}
}

// again has another look taken soon.
func (s *outside) again() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// saw takes note of where a peer says that it sees us, in case that it is found
// to be a fellow member.
func (s *outside) saw(p peer.ID, us multiaddr.Multiaddr) {
	s.online.mu.Lock()
	if known := s.online.peers[p]; known != nil {
		known.sees = us
	}
	s.online.mu.Unlock()
	s.met(p)
}

// met takes note of a peer who may be asked.
func (s *outside) met(p peer.ID) {
	if !s.mayProbe(p) {
		return
	}
	s.online.mu.Lock()
	var seen multiaddr.Multiaddr
	if known := s.online.peers[p]; known != nil {
		seen = known.sees
	}
	s.online.mu.Unlock()
	if seen != nil && isInternet(seen) {
		s.mu.Lock()
		s.seen = slices.DeleteFunc(s.seen, seen.Equal)
		s.seen = append([]multiaddr.Multiaddr{seen}, s.seen[:min(len(s.seen), maxCandidates-1)]...)
		s.mu.Unlock()
	}
	if err := s.begin(); err != nil {
		s.online.log.Debug("Nobody can be asked whether this device is reached from outside", "error", err)
		return
	}
	s.tell(p)
	s.again()
}

// tell has nat look whether a peer may be asked.
func (s *outside) tell(p peer.ID) {
	s.mu.Lock()
	told := s.told
	s.mu.Unlock()
	if told != nil {
		_ = told.Emit(event.EvtPeerIdentificationCompleted{Peer: p})
	}
}

// begin makes what asks and answers.
func (s *outside) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return context.Canceled
	}
	if s.nat != nil {
		return nil
	}
	dialer, err := libp2p.New(
		libp2p.NoListenAddrs,
		libp2p.RandomIdentity,
		libp2p.Transport(quic.NewTransport), libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(tls.ID, tls.New), libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.DisableRelay(), libp2p.DisableMetrics(), libp2p.DisableIdentifyAddressDiscovery(),
		libp2p.ForceReachabilityPrivate(), libp2p.Ping(false),
		libp2p.UDPBlackHoleSuccessCounter(nil), libp2p.IPv6BlackHoleSuccessCounter(nil),
		libp2p.WithDialTimeout(dialTimeout), libp2p.UserAgent("parley"), libp2p.ProtocolVersion("parley"),
	)
	if err != nil {
		return fmt.Errorf("prepare to dial back: %w", err)
	}
	bus := eventbus.NewBus()
	told, err := bus.Emitter(new(event.EvtPeerIdentificationCompleted))
	if err != nil {
		return errors.Join(fmt.Errorf("prepare to dial back: %w", err), dialer.Close())
	}
	nat, err := autonatv2.New(dialer)
	if err == nil {
		err = nat.Start(&probeHost{Host: s.online.host, bus: bus, outside: s})
	}
	if err != nil {
		return errors.Join(fmt.Errorf("prepare to dial back: %w", err), dialer.Close())
	}
	s.nat, s.told = nat, told
	return nil
}

// close ends it. The host is still there.
func (s *outside) close() {
	s.mu.Lock()
	nat := s.nat
	s.closed, s.nat = true, nil
	s.mu.Unlock()
	if nat != nil {
		nat.Close() // and its dialer
	}
}

// serve answers a peer that asks to be dialled back.
func (s *outside) serve(_ context.Context, stream network.Stream) error {
	if !s.mayProbe(stream.Conn().RemotePeer()) {
		return errOutsider
	}
	if err := s.begin(); err != nil {
		return err
	}
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	answer(stream)
	return nil
}

// candidates are the addresses of the internet's that might lead here.
func (s *outside) candidates() (list []multiaddr.Multiaddr) {
	for _, a := range s.online.host.Addrs() {
		if isInternet(a) {
			list = append(list, a)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.seen {
		if !slices.ContainsFunc(list, a.Equal) {
			list = append(list, a)
		}
	}
	slices.SortStableFunc(list, func(a, b multiaddr.Multiaddr) int { return reach(a) - reach(b) })
	return list
}

// look asks one fellow member to dial, at the first of our addresses of which it
// is not known whether it leads here, or else at all.
func (s *outside) look(ctx context.Context) {
	s.mu.Lock()
	nat := s.nat
	s.mu.Unlock()
	candidates := s.candidates()
	if nat == nil || len(candidates) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, outsidePatch)
	defer cancel()
	var requests []autonatv2.Request
	for _, known := range []bool{false, true} {
		for _, a := range candidates {
			if s.known(a) == known {
				requests = append(requests, autonatv2.Request{Addr: a, SendDialData: true})
			}
		}
	}
	result, err := nat.GetReachability(ctx, requests)
	if err != nil {
		s.online.log.Debug("Nobody says whether this device can be reached from outside", "error", err)
		return
	}
	if result.Reachability == network.ReachabilityUnknown {
		return
	}
	s.mu.Lock()
	s.works = slices.DeleteFunc(s.works, result.Addr.Equal)
	s.fails = slices.DeleteFunc(s.fails, result.Addr.Equal)
	if result.Reachability == network.ReachabilityPublic {
		s.works = append(s.works, result.Addr)
	} else {
		s.fails = append(s.fails, result.Addr)
	}
	s.works, s.fails = s.works[max(0, len(s.works)-maxCandidates):], s.fails[max(0, len(s.fails)-maxCandidates):]
	works := slices.Clone(s.works)
	s.mu.Unlock()
	s.online.ways.confirm(works)
	s.online.cards.again()
	s.online.relay.tend()
	s.online.reservations.tendHelpers()
	s.online.node.peersChanged()
}

func (s *outside) known(a multiaddr.Multiaddr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.works, a.Equal) || slices.ContainsFunc(s.fails, a.Equal)
}

// failed reports whether an address was found not to lead here.
func (s *outside) failed(a multiaddr.Multiaddr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.fails, a.Equal)
}

// state is what was found: whether this device can be reached, and where.
func (s *outside) state() (Answer, []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var where []string
	for _, a := range s.works {
		where = append(where, a.String()+"/p2p/"+s.online.node.device.String())
	}
	switch {
	case len(s.works) > 0:
		return Yes, where
	case len(s.fails) > 0:
		return No, nil
	}
	return Unknown, nil
}

// A probeHost is the host as AutoNAT sees it: connected to those only who may be
// asked. What it would answer everybody, it answers through outside.serve.
type probeHost struct {
	host.Host
	bus     event.Bus
	outside *outside
}

// EventBus tells of those whom outside.tell names.
func (h *probeHost) EventBus() event.Bus { return h.bus }

// SetStreamHandler keeps the handler of requests for outside.serve; it is called
// while outside.mu is held.
func (h *probeHost) SetStreamHandler(id protocol.ID, handler network.StreamHandler) {
	if id == autonatv2.DialProtocol {
		h.outside.answer = handler
		return
	}
	h.Host.SetStreamHandler(id, handler)
}

// RemoveStreamHandler leaves outside's own handler where it is.
func (h *probeHost) RemoveStreamHandler(id protocol.ID) {
	if id != autonatv2.DialProtocol {
		h.Host.RemoveStreamHandler(id)
	}
}

// NewStream asks nobody who may not be asked any more.
func (h *probeHost) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	if !h.outside.mayProbe(p) {
		return nil, errOutsider
	}
	return h.Host.NewStream(network.WithNoDial(ctx, "probe"), p, ids...)
}

// Network shows those only who may be asked.
func (h *probeHost) Network() network.Network { return probeNetwork{h.Host.Network(), h.outside} }

type probeNetwork struct {
	network.Network
	outside *outside
}

func (n probeNetwork) Connectedness(p peer.ID) network.Connectedness {
	if !n.outside.mayProbe(p) {
		return network.NotConnected
	}
	return n.Network.Connectedness(p)
}
