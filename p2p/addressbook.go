package p2p

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"parley/space"
)

const (
	maxRemembered = 8  // addresses of one device
	redialsAtOnce = 16 // so that a large space does not fill a small router
	bookInterval  = 5 * time.Second
	redialFirst   = time.Second
	redialMost    = time.Minute
	touchInterval = 3 * time.Minute
)

// Addresses keeps where devices could last be reached, over restarts. It is
// used by one goroutine at a time.
type Addresses interface {
	// Load returns what was saved last; nothing is no error.
	Load() (map[space.DeviceID][]string, error)
	Save(map[space.DeviceID][]string) error
}

// AddressFile keeps addresses in a JSON file.
type AddressFile string

// Load reads the file, which need not exist.
func (f AddressFile) Load() (map[space.DeviceID][]string, error) {
	raw, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read addresses: %w", err)
	}
	var known map[space.DeviceID][]string
	if err := json.Unmarshal(raw, &known); err != nil {
		return nil, fmt.Errorf("read addresses in %s: %w", f, err)
	}
	return known, nil
}

// Save replaces the file in one step.
func (f AddressFile) Save(known map[space.DeviceID][]string) error {
	raw, err := json.MarshalIndent(known, "", "\t")
	if err != nil {
		return fmt.Errorf("write addresses: %w", err)
	}
	next, err := os.CreateTemp(filepath.Dir(string(f)), filepath.Base(string(f))+".*")
	if err != nil {
		return fmt.Errorf("write addresses: %w", err)
	}
	_, err = next.Write(raw)
	err = errors.Join(err, next.Close())
	if err == nil {
		err = os.Rename(next.Name(), string(f))
	}
	if err != nil {
		return fmt.Errorf("write addresses: %w", errors.Join(err, os.Remove(next.Name())))
	}
	return nil
}

// An addressBook is what is remembered, and when to try it again.
type addressBook struct {
	keep Addresses // may be nil

	mu    sync.Mutex
	known map[space.DeviceID][]string
	tries map[space.DeviceID]try
	wake  chan struct{} // holds at most one: try again now
}

type try struct {
	failures int
	next     time.Time
}

func openAddressBook(keep Addresses) (*addressBook, error) {
	b := &addressBook{
		keep: keep, known: make(map[space.DeviceID][]string),
		tries: make(map[space.DeviceID]try), wake: make(chan struct{}, 1),
	}
	if keep == nil {
		return b, nil
	}
	known, err := keep.Load()
	if err != nil {
		return b, err
	}
	for device, addresses := range known {
		b.known[device] = addresses
	}
	return b, nil
}

// remember puts addresses first among those of a device, and saves.
func (b *addressBook) remember(device space.DeviceID, addresses []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := slices.Clone(addresses)
	for _, old := range b.known[device] {
		if !slices.Contains(next, old) {
			next = append(next, old)
		}
	}
	return b.set(device, next[:min(len(next), maxRemembered)])
}

// hear puts first what a device itself says of where it is, as others have passed
// on. If any of that is new, it is tried at once.
func (b *addressBook) hear(device space.DeviceID, addresses []multiaddr.Multiaddr) error {
	b.mu.Lock()
	known, fresh := b.known[device], false
	var next []string
	for _, a := range addresses {
		next = append(next, a.String())
		fresh = fresh || !slices.Contains(known, a.String())
	}
	if !fresh {
		b.mu.Unlock()
		return nil
	}
	for _, old := range known {
		if !slices.Contains(next, old) {
			next = append(next, old)
		}
	}
	err := b.set(device, next[:min(len(next), maxRemembered)])
	delete(b.tries, device)
	b.mu.Unlock()
	b.wakeUp()
	return err
}

// replace forgets what was known of a device before.
func (b *addressBook) replace(device space.DeviceID, addresses []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.set(device, addresses)
}

func (b *addressBook) set(device space.DeviceID, addresses []string) error {
	if slices.Equal(addresses, b.known[device]) {
		return nil
	}
	b.known[device] = addresses
	if b.keep == nil {
		return nil
	}
	return b.keep.Save(b.known)
}

// keepOnly forgets devices with whom we share nothing any more.
func (b *addressBook) keepOnly(members []space.DeviceID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, stays := len(b.known), make(map[space.DeviceID]bool, len(members))
	for _, device := range members {
		stays[device] = true
	}
	maps.DeleteFunc(b.known, func(device space.DeviceID, _ []string) bool { return !stays[device] })
	maps.DeleteFunc(b.tries, func(device space.DeviceID, _ try) bool { return !stays[device] })
	if len(b.known) == before || b.keep == nil {
		return nil
	}
	return b.keep.Save(b.known)
}

func (b *addressBook) of(device space.DeviceID) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known[device]
}

// due reports whether it is time to try a device again.
func (b *addressBook) due(device space.DeviceID, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !now.Before(b.tries[device].next)
}

func (b *addressBook) failed(device space.DeviceID, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tries[device]
	wait := min(redialFirst<<min(t.failures, 16), redialMost)
	b.tries[device] = try{failures: t.failures + 1, next: now.Add(jittered(wait))}
}

func (b *addressBook) reached(device space.DeviceID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.tries, device)
}

// again forgets all failures: the network has changed.
func (b *addressBook) again() {
	b.mu.Lock()
	clear(b.tries)
	b.mu.Unlock()
	b.wakeUp()
}

func (b *addressBook) wakeUp() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// jittered is a duration between 3/4 and 5/4 of d, so that many devices do not
// act in step.
func jittered(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2+1)
}

// keepDialling tries members that are not connected, where they were last.
func (o *online) keepDialling() {
	book := o.node.book
	turns := make(chan struct{}, redialsAtOnce)
	var kept time.Time
	for {
		now, members := o.node.now(), o.node.members()
		for _, device := range members {
			if o.reachedAs(peerOf(device), ViaDirect) || !book.due(device, now) || !o.hasWay(device) {
				continue
			}
			select {
			case turns <- struct{}{}:
			default:
				continue // it stays due
			}
			book.failed(device, now) // until it is reached
			if !o.do(func() {
				defer func() { <-turns }()
				o.redial(o.ctx, device)
			}) {
				return
			}
		}
		if time.Since(kept) >= bookInterval {
			kept = time.Now()
			o.keepBook(members)
		}
		timer := time.NewTimer(jittered(redialFirst))
		select {
		case <-o.ctx.Done():
			timer.Stop()
			return
		case <-book.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

func (o *online) redial(ctx context.Context, device space.DeviceID) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	addresses, err := parseAddresses(o.node.book.of(device))
	if err != nil {
		o.log.Debug("A remembered address cannot be read", "device", device, "error", err)
		return
	}
	if o.best(peerOf(device)) == nil {
		addresses = append(addresses, o.circuits(device)...)
		if detour := o.detour(device); len(detour) > 0 {
			o.detours.tried(device)
			addresses = append(addresses, detour...)
		}
	} else {
		ctx = network.WithForceDirectDial(ctx, "nearer") // it is connected through a keeper
	}
	o.forgetFailures(peerOf(device))
	if err := o.host.Connect(ctx, peer.AddrInfo{ID: peerOf(device), Addrs: addresses}); err != nil {
		o.log.Debug("A member cannot be reached", "device", device, "error", err)
		return
	}
	if o.reachedAs(peerOf(device), ViaDirect) {
		o.node.book.reached(device)
	}
}

// hasWay reports whether there is anything to try for a member: an address, or,
// unless it is connected like that, a keeper or another who helps.
func (o *online) hasWay(device space.DeviceID) bool {
	return len(o.node.book.of(device)) > 0 ||
		o.best(peerOf(device)) == nil && (len(o.circuits(device)) > 0 || len(o.detour(device)) > 0)
}

// forgetFailures lets a device be dialled at once. It is the address book that
// says how often.
func (o *online) forgetFailures(p peer.ID) {
	if s, ok := o.host.Network().(*swarm.Swarm); ok {
		s.Backoff().Clear(p)
	}
}

// keepBook keeps where members are now, who may tell us that they have moved
// while they are connected, and forgets who is a member no more.
func (o *online) keepBook(members []space.DeviceID) {
	for _, device := range members {
		if o.best(peerOf(device)) != nil {
			o.rememberAddresses(peerOf(device))
		}
	}
	members = append(members, o.node.device)
	o.cards.keepOnly(members)
	if err := o.node.book.keepOnly(members); err != nil {
		o.log.Warn("Addresses could not be kept", "error", err)
	}
}

// rememberAddresses keeps where a member can be found: where we reached it,
// and where it says it listens.
func (o *online) rememberAddresses(p peer.ID) {
	device, ok := deviceOf(p)
	if !ok {
		return
	}
	var reached, told []multiaddr.Multiaddr
	local := false
	for _, c := range o.host.Network().ConnsToPeer(p) {
		local = local || manet.IsIPLoopback(c.RemoteMultiaddr())
		if _, relayed := relayOf(c.RemoteMultiaddr()); c.Stat().Direction == network.DirOutbound && !relayed {
			reached = append(reached, c.RemoteMultiaddr())
		}
	}
	for _, a := range o.host.Peerstore().Addrs(p) {
		if _, relayed := relayOf(a); !relayed && manet.IsIPLoopback(a) == local { // another machine's loopback leads to ourselves
			told = append(told, a)
		}
	}
	slices.SortFunc(told, func(a, b multiaddr.Multiaddr) int { // they come in no order
		return cmp.Or(reach(a)-reach(b), strings.Compare(transportIn(a), transportIn(b)), a.Compare(b))
	})
	var addresses []string
	for _, a := range slices.Concat(reached, told) {
		if text := a.String(); !slices.Contains(addresses, text) && len(addresses) < maxRemembered {
			addresses = append(addresses, text)
		}
	}
	if len(addresses) == 0 {
		return
	}
	if o.reachedAs(p, ViaDirect) {
		o.node.book.reached(device)
	}
	if err := o.node.book.remember(device, addresses); err != nil {
		o.log.Warn("Addresses could not be kept", "error", err)
	}
}
