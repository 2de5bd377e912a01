package p2p

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"parley/p2p/dht"
	"parley/space"
)

const (
	maxBootstrap = 16 // nodes that are entered

	wideEvery   = time.Minute // between looks at what is to be done
	wideAtOnce  = 4           // members that are looked for, or left word for
	wideRound   = 32          // of them in one look
	wideTime    = 30 * time.Second
	leaveAgain  = 6 * time.Hour // notes are forgotten some day
	lookFirst   = time.Minute   // after one in vain; longer each time
	lookMost    = 30 * time.Minute
	tableSecret = "parley/dht-node/1"
)

// A wide looks for members, and leaves word for them, in a hash table of others'
// computers: for spaces that say so (space.ReachWide), if the user has entered
// nodes of the table, and otherwise not at all. A keeper may serve the table, too.
type wide struct {
	online *online
	wake   chan struct{} // holds at most one: look again now

	mu    sync.Mutex
	table *dht.Table // nil: not running
	nodes []string   // that it was made with
	cut   func()     // ends the look that is being taken; nil: none is
	left  map[space.DeviceID]leaving
	looks map[space.DeviceID]try
}

// A leaving is which card was left for somebody last, where and when.
type leaving struct {
	sequence, day uint64
	at            time.Time
}

// Wide is what goes on in the hash table.
type Wide struct {
	Bootstrap []string // nodes that the user entered
	Asking    bool     // others are asked: some space is wide, and there are nodes
	Nodes     int      // of the table, that are known now
	Serving   []string // where this device serves the table, to be entered elsewhere
}

func newWide(o *online) *wide {
	return &wide{online: o, wake: make(chan struct{}, 1), left: make(map[space.DeviceID]leaving), looks: make(map[space.DeviceID]try)}
}

// SetBootstrap says which nodes of the hash table are asked, for spaces that are
// looked for widely: multiaddrs that end with /p2p/ and an ID; none ends it. It
// fails with a sentence about the address that is none, and changes nothing then.
func (n *Node) SetBootstrap(addresses []string) error {
	if len(addresses) > maxBootstrap {
		return fmt.Errorf("set bootstrap: at most %d nodes can be entered", maxBootstrap)
	}
	for _, text := range addresses {
		info, err := peer.AddrInfoFromString(text)
		if err != nil || len(info.Addrs) == 0 {
			return fmt.Errorf("set bootstrap: %q is not the address of a node, which looks like /ip4/198.51.100.7/tcp/4002/p2p/12D3KooW…: %w", text, err)
		}
	}
	n.mu.Lock()
	n.bootstrap = slices.Clone(addresses)
	n.mu.Unlock()
	if o := n.current(); o != nil {
		o.wide.again()
	}
	return nil
}

func (n *Node) bootstraps() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.bootstrap
}

// Wide tells what goes on in the hash table.
func (n *Node) Wide() Wide {
	state := Wide{Bootstrap: slices.Clone(n.bootstraps())}
	o := n.current()
	if o == nil {
		return state
	}
	o.wide.mu.Lock()
	defer o.wide.mu.Unlock()
	if table := o.wide.table; table != nil {
		state.Nodes, state.Asking = table.Nodes(), n.looksWidely()
		if len(n.serve) > 0 {
			state.Serving = table.Addresses()
		}
	}
	return state
}

// wideMembers are the other devices of our spaces that are looked for widely,
// keepers first, who can help to reach the rest.
func (n *Node) wideMembers() []space.DeviceID {
	ranks := make(map[space.DeviceID]int)
	for _, id := range n.store.Spaces() {
		log, ok := n.store.Log(id)
		if !ok || log.Reach() != space.ReachWide || !n.belongs(id) {
			continue
		}
		for _, m := range log.Members() {
			if m.Role == space.Keeper {
				ranks[m.Device] = -1
			} else if _, known := ranks[m.Device]; !known {
				ranks[m.Device] = 0
			}
		}
	}
	delete(ranks, n.device)
	members := make([]space.DeviceID, 0, len(ranks))
	for device := range ranks {
		members = append(members, device)
	}
	slices.SortFunc(members, func(a, b space.DeviceID) int {
		return cmp.Or(ranks[a]-ranks[b], slices.Compare(a[:], b[:]))
	})
	return members
}

// looksWidely reports whether members are to be looked for: some space is wide, and
// there are nodes to ask.
func (n *Node) looksWidely() bool { return len(n.bootstraps()) > 0 && len(n.wideMembers()) > 0 }

// again has another look taken at once; what is under way ends if nobody is to
// be asked any more.
func (w *wide) again() {
	if !w.online.node.looksWidely() {
		w.mu.Lock()
		if w.cut != nil {
			w.cut()
		}
		w.mu.Unlock()
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run looks until the network is switched off.
func (w *wide) run() {
	for {
		w.look(w.online.ctx)
		timer := time.NewTimer(jittered(wideEvery))
		select {
		case <-w.online.ctx.Done():
			timer.Stop()
			w.close()
			return
		case <-w.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// close ends the table; nobody is asked for anything from then on.
func (w *wide) close() {
	w.mu.Lock()
	table := w.table
	w.table, w.nodes = nil, nil
	clear(w.left)
	clear(w.looks)
	w.mu.Unlock()
	if table == nil {
		return
	}
	if err := table.Close(); err != nil {
		w.online.log.Debug("Ending the hash table left something behind", "error", err)
	}
}

// look does what is due.
func (w *wide) look(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.mu.Lock()
	w.cut = cancel
	w.mu.Unlock()
	node := w.online.node
	nodes, members := node.bootstraps(), node.wideMembers()
	asks := len(nodes) > 0 && len(members) > 0
	if !asks && len(node.serve) == 0 {
		w.close()
		return
	}
	table, err := w.open(ctx, nodes)
	if err != nil {
		w.online.log.Warn("The hash table cannot be used", "error", err)
		return
	}
	if len(nodes) > 0 {
		if err := table.Join(ctx); err != nil {
			w.online.log.Debug("Nobody of the hash table answers", "error", err)
			return
		}
	}
	if asks {
		w.seeTo(ctx, table, members)
	}
}

// open makes the table, or makes it anew where other nodes were entered.
func (w *wide) open(ctx context.Context, nodes []string) (*dht.Table, error) {
	w.mu.Lock()
	table, same := w.table, slices.Equal(w.nodes, nodes)
	w.mu.Unlock()
	if table != nil && same {
		return table, nil
	}
	w.close()
	node := w.online.node
	config := dht.Config{}
	var err error
	for _, text := range nodes {
		info, err := peer.AddrInfoFromString(text)
		if err != nil {
			return nil, fmt.Errorf("read the address of a node: %w", err)
		}
		config.Bootstrap = append(config.Bootstrap, *info)
	}
	if config.Listen, err = parseAddresses(node.serve); err != nil {
		return nil, err
	}
	// Of a secret of the device, and not to be told from another's.
	seed := node.key.Seed()
	own, err := hkdf.Key(sha256.New, seed[:], nil, tableSecret, ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("derive the identity of a node: %w", err)
	}
	config.Key = ed25519.NewKeyFromSeed(own)
	if table, err = dht.Open(ctx, config); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.table, w.nodes = table, nodes
	w.mu.Unlock()
	return table, nil
}

// seeTo leaves word for members, and looks for theirs, who are not connected
// directly.
func (w *wide) seeTo(ctx context.Context, table *dht.Table, members []space.DeviceID) {
	turns, due := make(chan struct{}, wideAtOnce), 0
	var doing sync.WaitGroup
	for _, device := range members {
		if w.online.reachedAs(peerOf(device), ViaDirect) {
			continue
		}
		leaves, looks := w.dueToLeave(device), w.dueToLook(device)
		if !leaves && !looks {
			continue
		}
		if due++; due > wideRound || ctx.Err() != nil {
			break
		}
		turns <- struct{}{}
		doing.Go(func() {
			defer func() { <-turns }()
			if leaves {
				w.report(device, w.leave(ctx, table, device))
			}
			if looks {
				w.report(device, w.find(ctx, table, device))
			}
		})
	}
	doing.Wait()
}

func (w *wide) report(device space.DeviceID, err error) {
	if err != nil && w.online.ctx.Err() == nil {
		w.online.log.Debug("The hash table is of no help with a member", "device", device, "error", err)
	}
}

// own is this device's card; there is none where the internet does not reach it.
func (w *wide) own() (card, bool) {
	c := w.online.cards
	if err := c.write(); err != nil {
		w.online.log.Warn("Members cannot be told where this device is reached", "error", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	own := c.known[w.online.node.device]
	return own, len(own.addresses) > 0
}

func (w *wide) dueToLeave(device space.DeviceID) bool {
	own, ok := w.own()
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.left[device]
	return ok && (last.sequence != own.sequence || last.day != dayOf(w.online.node.now()) || time.Since(last.at) > leaveAgain)
}

func (w *wide) dueToLook(device space.DeviceID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !time.Now().Before(w.looks[device].next)
}

// leave says in the place for a member where this device is.
func (w *wide) leave(ctx context.Context, table *dht.Table, to space.DeviceID) error {
	node := w.online.node
	own, ok := w.own()
	day := dayOf(node.now())
	where, err := newPlace(node.key, node.device, to, day)
	if err != nil || !ok {
		return err
	}
	content, err := where.write(own)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, wideTime)
	defer cancel()
	if err := table.Leave(ctx, where.writer, own.sequence, content); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left[to] = leaving{sequence: own.sequence, day: day, at: time.Now()}
	return nil
}

// find reads what a member has left for this device. What is new goes into the
// address book, which tries it at once.
func (w *wide) find(ctx context.Context, table *dht.Table, from space.DeviceID) error {
	node := w.online.node
	w.mu.Lock()
	last := w.looks[from]
	wait := min(lookFirst<<min(last.failures, 16), lookMost)
	w.looks[from] = try{failures: last.failures + 1, next: time.Now().Add(jittered(wait))}
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, wideTime)
	defer cancel()
	for _, day := range []uint64{dayOf(node.now()), otherDay(node.now())} {
		where, err := newPlace(node.key, from, node.device, day)
		if err != nil {
			return err
		}
		content, err := table.Look(ctx, where.public())
		if errors.Is(err, dht.ErrNothing) {
			continue
		}
		if err != nil {
			return err
		}
		found, err := where.read(content, from)
		if err != nil {
			return err
		}
		return node.book.hear(from, found.addresses)
	}
	return nil
}
