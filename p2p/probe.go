package p2p

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"parley/crdt"
	"parley/space"
)

// probeTime is how long TestConnection tries if its context gives no deadline.
const probeTime = 15 * time.Second

// Answer is one to a question that cannot always be answered.
type Answer string

// The answers.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
	Off     Answer = "off"
)

// Report says what works on the way from this device to others, and what does
// not: facts, for others to find the words.
type Report struct {
	Listening []string // where on this machine, with its device ID; empty while offline
	Looking   bool     // on the local network for other devices
	Heard     int      // devices that were found there
	IPv6      bool     // this machine has an address of the internet's
	Reachable Answer   // from outside, without a keeper
	Outside   []string // addresses at which it is
	Mapping   Answer   // the router has opened a port; Off: it is not asked
	Keepers   []KeeperReport
	Devices   []DeviceReport
}

// Why nobody can be reached through a keeper.
type KeeperTrouble string

// The troubles with keepers.
const (
	KeeperUnreached KeeperTrouble = "unreached" // it does not answer, or nobody knows where it is
	KeeperRelayed   KeeperTrouble = "relayed"   // it is reached through another keeper only
	KeeperRefuses   KeeperTrouble = "refuses"   // it does not know us for a member
	KeeperFull      KeeperTrouble = "full"      // it relays for as many as it can
	KeeperSilent    KeeperTrouble = "silent"    // it does not relay
)

// KeeperReport is what became of one keeper of our spaces.
type KeeperReport struct {
	Device   space.DeviceID
	Spaces   []space.ID // that it keeps and we share
	Via      Via        // empty: not connected
	Relaying bool       // we can be reached through it
	Trouble  KeeperTrouble
}

// DeviceReport is how another device of our spaces is reached.
type DeviceReport struct {
	Device   space.DeviceID
	Via      Via // empty: not connected
	Through  space.DeviceID
	LastSeen time.Time // zero: never
}

// TestConnection tries whatever this device has to reach others by, and says
// what works. It takes up to 15 seconds, or as long as ctx allows. It fails with
// ErrOffline.
func (n *Node) TestConnection(ctx context.Context) (Report, error) {
	o := n.current()
	if o == nil {
		return Report{}, fmt.Errorf("test connection: %w", ErrOffline)
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, probeTime)
		defer cancel()
	}
	ctx, cancel := closedBy(ctx, o.ctx)
	defer cancel()
	r := Report{Looking: n.mdns, Listening: n.Addresses(), Mapping: o.mapper.state(o.host)}
	var asked sync.WaitGroup
	keepers := n.keepers()
	for i := range keepers {
		asked.Go(func() { o.probeKeeper(ctx, &keepers[i]) })
	}
	n.book.again()
	asked.Wait()
	o.outside.look(ctx)
	r.Reachable, r.Outside = o.outside.state()
	r.Heard, r.IPv6, r.Keepers, r.Devices = n.meetings.found(), o.hasIPv6(), keepers, n.reports()
	return r, nil
}

// keepers are the keepers of all our spaces that leave the local network.
func (n *Node) keepers() (list []KeeperReport) {
	at := make(map[space.DeviceID]int)
	for _, id := range n.store.Spaces() {
		log, ok := n.store.Log(id)
		if !ok || !n.belongs(id) || log.Reach() == space.ReachLocal {
			continue
		}
		for _, m := range log.Members() {
			if m.Role != space.Keeper || m.Device == n.device {
				continue
			}
			i, known := at[m.Device]
			if !known {
				i = len(list)
				at[m.Device] = i
				list = append(list, KeeperReport{Device: m.Device})
			}
			list[i].Spaces = append(list[i].Spaces, id)
		}
	}
	return list
}

// probeKeeper connects to a keeper if need be, and asks it to relay.
func (o *online) probeKeeper(ctx context.Context, k *KeeperReport) {
	p := peerOf(k.Device)
	if !o.reachedAs(p, ViaDirect) {
		o.redial(ctx, k.Device)
	}
	best := o.best(p)
	if best == nil {
		k.Trouble = KeeperUnreached
		return
	}
	if k.Via = o.via(best.RemoteMultiaddr()); k.Via == ViaRelayed {
		k.Trouble = KeeperRelayed
		return
	}
	_, err := o.reserve(ctx, p)
	switch {
	case err == nil:
		k.Relaying = true
	case errors.Is(err, errKeeperRefuses):
		k.Trouble = KeeperRefuses
	case errors.Is(err, errKeeperFull):
		k.Trouble = KeeperFull
	default:
		k.Trouble = KeeperSilent
	}
}

// hasIPv6 reports whether this machine listens on an address of the internet's
// with IPv6.
func (o *online) hasIPv6() bool {
	for _, a := range o.host.Addrs() {
		if ip, ok := ipOf(a); ok && ip.Is6() && isInternet(a) {
			return true
		}
	}
	return false
}

// reports says how the other devices of our spaces are reached, in the order of
// the spaces and of joining.
func (n *Node) reports() (list []DeviceReport) {
	connected := make(map[space.DeviceID]Connection)
	for _, c := range n.Connections() {
		connected[c.Device] = c
	}
	known := map[space.DeviceID]bool{n.device: true}
	for _, id := range n.store.Spaces() {
		log, ok := n.store.Log(id)
		if !ok || !n.belongs(id) {
			continue
		}
		standing, err := n.Standing(crdt.Ref{Space: id, Document: crdt.IndexID(id), Part: space.Body})
		if err != nil {
			n.log.Warn("When members were seen last cannot be read", "space", id, "error", err)
		}
		for _, m := range log.Members() {
			if known[m.Device] {
				continue
			}
			known[m.Device] = true
			c := connected[m.Device]
			list = append(list, DeviceReport{Device: m.Device, Via: c.Via, Through: c.Through, LastSeen: standing[m.Device].LastSeen})
		}
	}
	return list
}

// isInternet reports whether an address is one of the internet, not of a local
// network.
func isInternet(a multiaddr.Multiaddr) bool {
	_, relayed := relayOf(a)
	return !relayed && manet.IsPublicAddr(a)
}

// found is how many devices were found.
func (m *meetings) found() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.recent)
}
