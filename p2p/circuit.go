package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	circuitclient "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	circuitpb "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

const (
	// keeping is the tag under which the connection manager protects keepers.
	keeping = "keeps a space"

	reserveTime    = 10 * time.Second // for one request
	reserveFirst   = time.Second      // after one that failed; longer each time
	reserveMost    = 5 * time.Minute
	reserveEarlier = 10 * time.Minute // before it ends, a reservation is renewed
)

// Why nobody can be reached through a keeper, or through another member.
var (
	errKeeperRefuses = errors.New("the keeper does not relay for this device")
	errKeeperFull    = errors.New("the keeper relays for as many devices as it can")
	errNoKeeper      = errors.New("the device does not relay")
)

// Reservations make this device one that fellow members reach through the
// keepers it is connected to, and find through a few other members. libp2p's own
// search for relays is not used: it asks anybody who offers to be one, and after a
// failure waits an hour.
type reservations struct {
	online *online

	mu   sync.Mutex
	open map[peer.ID]*reservation
}

// A reservation is renewed by its own task for as long as the keeper is
// connected and keeps a space of ours, or the member is and helps.
type reservation struct {
	cancel context.CancelFunc
	until  time.Time // zero: there is none now
	err    error     // why
}

func newReservations(o *online) *reservations {
	return &reservations{online: o, open: make(map[peer.ID]*reservation)}
}

// begin reserves with a connected keeper, unless that is under way.
func (s *reservations) begin(p peer.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(p)
}

// take does the same. The caller holds mu.
func (s *reservations) take(p peer.ID) {
	if s.open[p] != nil {
		return
	}
	ctx, cancel := context.WithCancel(s.online.ctx)
	r := &reservation{cancel: cancel}
	s.open[p] = r
	if !s.online.do(func() { s.keep(ctx, p, r) }) {
		cancel()
		delete(s.open, p)
	}
}

// end gives up reserving with a device that has gone.
func (s *reservations) end(p peer.ID) {
	s.mu.Lock()
	s.give(p)
	s.mu.Unlock()
	s.tendHelpers()
}

// give ends one reservation, if there is one. The caller holds mu.
func (s *reservations) give(p peer.ID) {
	if r := s.open[p]; r != nil {
		r.cancel()
		delete(s.open, p)
	}
}

// tend looks at all connected peers: some are keepers now that were none, or the
// other way round.
func (s *reservations) tend() {
	for _, p := range s.online.host.Network().Peers() {
		s.tendToKeeper(p)
	}
	s.tendHelpers()
}

// tendTo begins or ends the reservation with one peer, as our logs have it. Who
// is a keeper knows us by its log only once a space is shared.
func (s *reservations) tendTo(p peer.ID) {
	s.tendToKeeper(p)
	s.tendHelpers()
}

// tendToKeeper begins the reservation with a peer that is a keeper.
func (s *reservations) tendToKeeper(p peer.ID) {
	if device, ok := deviceOf(p); ok && s.online.node.keeps(device) && s.online.reachedAs(p, ViaDirect) {
		s.begin(p)
	}
}

// keep reserves and renews until ctx ends.
func (s *reservations) keep(ctx context.Context, p peer.ID, r *reservation) {
	o := s.online
	o.host.ConnManager().Protect(p, keeping)
	defer o.host.ConnManager().Unprotect(p, keeping)
	wait := reserveFirst
	for {
		until, err := o.reserve(ctx, p)
		s.mu.Lock()
		had := !r.until.IsZero()
		r.until, r.err = until, err
		s.mu.Unlock()
		next := jittered(wait)
		if err == nil {
			wait, next = reserveFirst, max(time.Until(until)-reserveEarlier, reserveFirst)
		} else {
			wait = min(2*wait, reserveMost)
			o.log.Debug("A keeper does not let us be reached through it", "peer", p, "error", err)
		}
		if had != (err == nil) {
			// There is a way to members that was none, or none that was one.
			o.detours.again()
			o.node.book.again()
			o.node.peersChanged()
		}
		if err != nil {
			s.tendHelpers() // another may have room
		}
		if !pause(ctx, next) {
			return
		}
	}
}

// reserve asks a connected keeper once.
func (o *online) reserve(ctx context.Context, p peer.ID) (until time.Time, err error) {
	ctx, cancel := context.WithTimeout(network.WithNoDial(ctx, "reserve"), reserveTime)
	defer cancel()
	granted, err := circuitclient.Reserve(ctx, o.host, peer.AddrInfo{ID: p})
	var refused circuitclient.ReservationError
	switch {
	case err == nil:
		return granted.Expiration, nil
	case !errors.As(err, &refused):
	case refused.Status == circuitpb.Status_PERMISSION_DENIED:
		err = fmt.Errorf("%w: %w", errKeeperRefuses, err)
	case refused.Status == circuitpb.Status_RESERVATION_REFUSED, refused.Status == circuitpb.Status_RESOURCE_LIMIT_EXCEEDED:
		err = fmt.Errorf("%w: %w", errKeeperFull, err)
	case refused.Status == circuitpb.Status_CONNECTION_FAILED:
		err = fmt.Errorf("%w: %w", errNoKeeper, err)
	}
	return time.Time{}, fmt.Errorf("reserve with %s: %w", p, err)
}

// state is whether we can be reached through a keeper now, or why not.
func (s *reservations) state(p peer.ID) (reserved bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.open[p]
	if r == nil {
		return false, nil
	}
	return r.err == nil && time.Now().Before(r.until), r.err
}

// circuits are the ways to a fellow member through keepers that we are connected
// to.
func (o *online) circuits(device space.DeviceID) (addresses []multiaddr.Multiaddr) {
	for _, keeper := range o.node.keepersOf(device) {
		p := peerOf(keeper)
		if !o.reachedAs(p, ViaDirect) {
			continue
		}
		if a, err := throughAddress(p); err == nil {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

// keepersOf are the keepers of the spaces that we share with a device and that
// leave the local network.
func (n *Node) keepersOf(device space.DeviceID) (keepers []space.DeviceID) {
	known := map[space.DeviceID]bool{n.device: true, device: true}
	for _, id := range n.store.Spaces() {
		log, ok := n.store.Log(id)
		if !ok || log.Reach() == space.ReachLocal || !n.belongs(id) || !n.member(id, device) {
			continue
		}
		for _, m := range log.Members() {
			if m.Role == space.Keeper && !known[m.Device] {
				known[m.Device] = true
				keepers = append(keepers, m.Device)
			}
		}
	}
	return keepers
}

// maxDoors is how many keepers and helpers an invitation names: each takes about 60 bytes
// of a code that should be short enough to scan.
const maxDoors = 2

// doors are where keepers of a space are reached that we are connected to, and
// others who help its members, in the form that codes carry: the address of such a
// device, its ID, and that the inviter is behind it.
func (o *online) doors(id space.ID) (doors [][]byte) {
	log, ok := o.node.store.Log(id)
	if !ok {
		return nil
	}
	devices := slices.DeleteFunc(log.Members(), func(m space.Member) bool {
		return m.Device == o.node.device || m.Role != space.Keeper && !o.offersHelp(peerOf(m.Device))
	})
	slices.SortStableFunc(devices, func(a, b space.Member) int { return compareBool(b.Role == space.Keeper, a.Role == space.Keeper) })
	for _, m := range devices {
		best := o.best(peerOf(m.Device))
		if best == nil || o.distance(best) > distance(ViaDirect) {
			continue
		}
		way, err := throughAddress(peerOf(m.Device))
		if err != nil {
			continue
		}
		if at := o.doorOf(best); at != nil {
			doors = append(doors, multiaddr.Join(at, way).Bytes())
		}
		if len(doors) == maxDoors {
			break
		}
	}
	return doors
}

// doorOf is where others can connect to a device as well, of which we have a
// connection: where we dialled it, or the best of what it says of itself.
func (o *online) doorOf(c network.Conn) multiaddr.Multiaddr {
	if c.Stat().Direction == network.DirOutbound {
		return c.RemoteMultiaddr()
	}
	known := slices.DeleteFunc(o.host.Peerstore().Addrs(c.RemotePeer()), func(a multiaddr.Multiaddr) bool {
		_, relayed := relayOf(a)
		return relayed
	})
	slices.SortStableFunc(known, func(a, b multiaddr.Multiaddr) int { return reach(a) - reach(b) })
	// What leads in from the internet is of use to more people than what does not.
	slices.SortStableFunc(known, func(a, b multiaddr.Multiaddr) int { return compareBool(isInternet(b), isInternet(a)) })
	if len(known) == 0 {
		return nil
	}
	return known[0]
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// doorsOf are the devices that an invitation leads to: its inviter, and the
// keepers that it names.
func doorsOf(code space.Code) []peer.AddrInfo {
	inviter := peer.AddrInfo{ID: peerOf(code.Inviter)}
	var doors []peer.AddrInfo
	for _, a := range binaryAddresses(code.Addresses) {
		keeper, relayed := relayOf(a)
		if !relayed {
			inviter.Addrs = append(inviter.Addrs, a)
			continue
		}
		before, _ := multiaddr.SplitFunc(a, func(c multiaddr.Component) bool { return c.Protocol().Code == multiaddr.P_P2P })
		if _, ok := deviceOf(keeper); ok && len(before) > 0 {
			doors = append(doors, peer.AddrInfo{ID: keeper, Addrs: []multiaddr.Multiaddr{before}})
		}
	}
	return append([]peer.AddrInfo{inviter}, doors...)
}
