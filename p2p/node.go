package p2p

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"parley/crdt"
	"parley/space"
)

// Config is what a node is made of. Callbacks come from goroutines of the node
// and must return soon; they may call the node, but not Close or SetOffline.
type Config struct {
	Key   space.Key
	Store *crdt.Store

	Listen    []string  // multiaddrs; default: QUIC and TCP on any free port
	MDNS      bool      // find others, and be found, on the local network
	Serve     []string  // multiaddrs at which the hash table of docs/protocol.md is served; none: it is not
	MapPorts  bool      // ask the router to open ports (UPnP, NAT-PMP), unless all spaces stay on the local network
	Offline   bool      // begin with the network switched off
	Addresses Addresses // where members could be reached; nil: not kept
	Log       *slog.Logger
	Now       func() time.Time // default: time.Now
	Frugal    func() bool      // whether to use the network sparingly, see SetFrugal; nil: no reason to

	OnPresence func(space.ID) // somebody came, moved or left
	OnPeers    func()         // a device connected or disconnected, or shares a space now
	OnStanding func(space.ID) // somebody holds more than before, or came, or left
	OnProgress func(space.ID) // catching up began, got on, or ended

	// Newest lists documents of a space, the newest first, as far as the index says
	// that is here; nil: nobody knows. It is asked now and then in a pull.
	Newest func(space.ID) []crdt.DocumentID

	hostOptions []libp2p.Option // further ones: a simulated network's
}

// Node is this device on the network. Its methods may be called from any
// goroutine.
type Node struct {
	key       space.Key
	device    space.DeviceID
	store     *crdt.Store
	listenOn  []string
	mdns      bool
	mapPorts  bool
	serve     []string
	log       *slog.Logger
	now       func() time.Time
	onPeers   func()
	advance   func(space.ID) // Config.OnProgress
	newest    func(space.ID) []crdt.DocumentID
	frugally  func() bool // of the Config
	sparing   atomic.Bool // SetFrugal
	unhelpful atomic.Bool // SetHelping
	options   []libp2p.Option
	book      *addressBook
	meetings  *meetings
	presence  *presences
	own       ownPresences
	standing  *standing
	admission admission
	walls     walls
	petitions petitions
	endings   endings

	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	switching sync.Mutex // held while the network is switched on or off
	mu        sync.Mutex
	closed    bool
	online    *online // nil: switched off
	documents map[space.ID]map[crdt.DocumentID]int
	bootstrap []string // SetBootstrap; replaced, never changed
}

// Open starts a node. It fails if none of the addresses can be listened on.
// The store must outlive the node.
func Open(ctx context.Context, config Config) (*Node, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open node: %w", err)
	}
	n := &Node{
		key: config.Key, device: config.Key.Device(), store: config.Store,
		listenOn: config.Listen, mdns: config.MDNS, mapPorts: config.MapPorts, serve: config.Serve, log: config.Log, now: config.Now,
		onPeers:   config.OnPeers,
		frugally:  config.Frugal,
		advance:   orNothing(config.OnProgress),
		newest:    config.Newest,
		options:   config.hostOptions,
		meetings:  newMeetings(),
		admission: admission{waiting: make(map[space.ID]map[space.DeviceID]bool)},
		documents: make(map[space.ID]map[crdt.DocumentID]int),
	}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	if n.now == nil {
		n.now = time.Now
	}
	if n.newest == nil {
		n.newest = func(space.ID) []crdt.DocumentID { return nil }
	}
	if n.frugally == nil {
		n.frugally = func() bool { return false }
	}
	if n.onPeers == nil {
		n.onPeers = func() {}
	}
	book, err := openAddressBook(config.Addresses)
	if err != nil {
		n.log.Warn("Where members could be reached is forgotten, they will be found anew", "error", err)
	}
	n.book = book
	n.presence = newPresences(n.now, orNothing(config.OnPresence))
	n.standing = newStanding(n, orNothing(config.OnStanding))
	n.ctx, n.cancel = context.WithCancel(context.Background())
	position := n.store.Position()
	if !config.Offline {
		if err := n.SetOffline(false); err != nil {
			n.cancel()
			return nil, err
		}
	}
	n.tasks.Go(func() { n.follow(position) })
	n.tasks.Go(n.standing.run)
	return n, nil
}

func orNothing(f func(space.ID)) func(space.ID) {
	if f == nil {
		return func(space.ID) {}
	}
	return f
}

// Close leaves the network and returns when nothing of the node runs any more.
// It may be called again.
func (n *Node) Close() error {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	err := n.SetOffline(true) // first those who use what follows
	n.cancel()
	n.petitions.close()
	n.tasks.Wait()
	return err
}

// SetOffline switches the network off or on, and returns when that is done.
// Off means that nothing listens and nobody is connected. Switched on again,
// members are dialled and caught up with by themselves. It fails only if no
// address can be listened on.
func (n *Node) SetOffline(offline bool) error {
	n.switching.Lock()
	defer n.switching.Unlock()
	n.mu.Lock()
	was, closed := n.online, n.closed
	if offline {
		n.online = nil
	}
	n.mu.Unlock()
	switch {
	case offline && was != nil:
		was.close()
		n.presence.forgetAll()
		n.standing.allLeft()
		n.meetings.forget()
		n.peersChanged()
	case !offline && was == nil && !closed:
		n.book.again()
		next, err := n.goOnline()
		if err != nil {
			return fmt.Errorf("go online: %w", err)
		}
		n.mu.Lock()
		n.online = next
		n.mu.Unlock()
		n.peersChanged()
		n.petitions.online()
		// Spaces that came while nobody was told of moves.
		if err := next.enterRooms(); err != nil {
			return fmt.Errorf("go online: %w", err)
		}
	}
	return nil
}

// Offline reports whether the network is switched off.
func (n *Node) Offline() bool { return n.current() == nil }

func (n *Node) current() *online {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.online
}

// Device is this device's name.
func (n *Node) Device() space.DeviceID { return n.device }

// Addresses are where this device can be reached, with its peer ID: to show
// and to paste elsewhere. There are none while offline.
func (n *Node) Addresses() []string {
	var texts []string
	for _, a := range n.multiaddrs() {
		texts = append(texts, a.String()+"/p2p/"+n.device.String())
	}
	return texts
}

// CodeAddresses are the same in the form that codes carry, the most useful
// first. Those that end at this machine or this cable are left out where there
// are others: a code should be short enough to scan.
func (n *Node) CodeAddresses() [][]byte { return codeAddresses(n.multiaddrs()) }

// InvitationAddresses are those for an invitation to a space: the same, and the
// doors of its keepers and of those who help, who are members and let newcomers
// in like any other. To
// a space that stays on the local network only addresses there lead.
func (n *Node) InvitationAddresses(id space.ID) [][]byte {
	o := n.current()
	if o == nil {
		return nil
	}
	if n.staysLocal(id) {
		return codeAddresses(slices.DeleteFunc(n.multiaddrs(), func(a multiaddr.Multiaddr) bool { return !o.ways.near(a) }))
	}
	return slices.Concat(o.doors(id), codeAddresses(n.multiaddrs()))
}

func codeAddresses(addresses []multiaddr.Multiaddr) (raw [][]byte) {
	for _, a := range addresses {
		if len(raw) > 0 && reach(a) >= reachNear {
			break
		}
		raw = append(raw, a.Bytes())
	}
	return raw
}

func (n *Node) multiaddrs() []multiaddr.Multiaddr {
	o := n.current()
	if o == nil {
		return nil
	}
	addresses := slices.Clone(o.host.Addrs())
	slices.SortStableFunc(addresses, func(a, b multiaddr.Multiaddr) int { return reach(a) - reach(b) })
	return addresses
}

// Connect dials an address that the user entered: a multiaddr that ends with
// /p2p/ and a device ID. It fails with ErrOffline, ErrUnreachable or a sentence
// about the address.
func (n *Node) Connect(ctx context.Context, address string) error {
	o := n.current()
	if o == nil {
		return fmt.Errorf("connect: %w", ErrOffline)
	}
	info, err := peer.AddrInfoFromString(address)
	if err != nil {
		return fmt.Errorf("connect: %q is not the address of a computer with Parley, which looks like /ip4/192.168.1.20/tcp/4001/p2p/12D3KooW…: %w", address, err)
	}
	if info.ID == o.host.ID() {
		return errors.New("connect: this is the address of this computer itself")
	}
	ctx, cancel := closedBy(ctx, o.ctx)
	defer cancel()
	return o.dialTo(ctx, *info)
}

// Peer is a connected device.
type Peer struct {
	Device    space.DeviceID
	Addresses []string // of its connections
	Transport string   // "quic" or "tcp"
	RTT       time.Duration
	Since     time.Time
	Spaces    []space.ID // that we share
}

// Peers are the connected devices, in the order of their IDs.
func (n *Node) Peers() []Peer {
	o := n.current()
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []Peer
	for p, known := range o.peers {
		device, _ := deviceOf(p)
		one := Peer{Device: device, Since: known.since, RTT: o.host.Peerstore().LatencyEWMA(p)}
		one.Spaces = slices.SortedFunc(maps.Keys(known.shared), func(a, b space.ID) int { return slices.Compare(a[:], b[:]) })
		for _, c := range o.host.Network().ConnsToPeer(p) {
			one.Addresses = append(one.Addresses, c.RemoteMultiaddr().String())
			one.Transport = transportOf(c)
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b Peer) int { return slices.Compare(a.Device[:], b.Device[:]) })
	return list
}

func transportOf(c network.Conn) string {
	if c.ConnState().Transport == "tcp" {
		return "tcp"
	}
	return "quic"
}

// Announce says where the user is in a space. The last announcement is repeated
// until another takes its place; the zero Presence says that the user has left.
func (n *Node) Announce(id space.ID, p Presence) error {
	if len(p.State) > maxState || !p.Part.Valid() {
		return fmt.Errorf("announce presence: a state of %d bytes, the limit is %d", len(p.State), maxState)
	}
	p.State = slices.Clone(p.State)
	n.own.set(id, p)
	if o := n.current(); o != nil {
		if r := o.room(id); r != nil {
			r.announceAgain()
		}
	}
	return nil
}

// Here lists the other members who are in a space now.
func (n *Node) Here(id space.ID) []Here { return n.presence.list(id) }

// OpenDocument says that a document is being looked at, so that it is caught up
// with first: at once, where it has not come or the network is used sparingly.
// The returned function takes that back.
func (n *Node) OpenDocument(id space.ID, document crdt.DocumentID) (done func()) {
	n.mu.Lock()
	inner(n.documents, id)[document]++
	fresh := n.documents[id][document] == 1
	n.mu.Unlock()
	if fresh {
		n.hurry(id, document)
	}
	return sync.OnceFunc(func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.documents[id][document]--; n.documents[id][document] == 0 {
			delete(n.documents[id], document)
		}
	})
}

// hurry fetches a document in the background that would come later, or not at
// all.
func (n *Node) hurry(id space.ID, document crdt.DocumentID) {
	o := n.current()
	if o == nil {
		return
	}
	r := o.room(id)
	if r == nil {
		return
	}
	held, err := n.store.Vector(crdt.Ref{Space: id, Document: document, Part: space.Body})
	if err == nil && (len(held) == 0 || n.frugal() || r.progress.now().Active) {
		r.hurry(document)
	}
}

// isOpen reports whether somebody looks at a document here.
func (n *Node) isOpen(id space.ID, document crdt.DocumentID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.documents[id][document] > 0
}

// member reports whether a device is a member of a space, by our log.
func (n *Node) member(id space.ID, device space.DeviceID) bool {
	log, ok := n.store.Log(id)
	if !ok {
		return false
	}
	_, ok = log.Member(device)
	return ok
}

// wasMember reports whether a device is, or once was, a member of a space.
func (n *Node) wasMember(id space.ID, device space.DeviceID) bool {
	log, ok := n.store.Log(id)
	if !ok {
		return false
	}
	_, ok = log.SeatOf(device)
	return ok
}

// belongs reports whether this device is a member of a space, by our log.
func (n *Node) belongs(id space.ID) bool { return n.member(id, n.device) }

// members are the other devices of all our spaces.
func (n *Node) members() []space.DeviceID {
	all := make(map[space.DeviceID]bool)
	for _, id := range n.store.Spaces() {
		log, ok := n.store.Log(id)
		if !ok || !n.belongs(id) {
			continue
		}
		for _, m := range log.Members() {
			all[m.Device] = true
		}
	}
	delete(all, n.device)
	return slices.Collect(maps.Keys(all))
}

func (n *Node) peersChanged() { n.onPeers() }

// listen starts a host where it listened last time, so that addresses in
// invitations stay good, or else on any free port.
func (n *Node) listen(gate *gater, counted *traffic, more ...libp2p.Option) (host.Host, error) {
	more = append(more, n.options...)
	if len(n.listenOn) > 0 {
		addresses, err := parseAddresses(n.listenOn)
		if err != nil {
			return nil, err
		}
		return newHost(n.key, addresses, gate, counted, more...)
	}
	h, err := n.listenAgain(gate, counted, more)
	if err != nil {
		return nil, err
	}
	var now []string
	for _, a := range listensOn(h) {
		now = append(now, a.String())
	}
	if err := n.book.replace(n.device, now); err != nil {
		n.log.Warn("Addresses could not be kept", "error", err)
	}
	return h, nil
}

func (n *Node) listenAgain(gate *gater, counted *traffic, more []libp2p.Option) (host.Host, error) {
	if last, err := parseAddresses(n.book.of(n.device)); err == nil && len(last) > 0 {
		h, err := newHost(n.key, last, gate, counted, more...)
		if err == nil && len(listensOn(h)) == len(last) {
			return h, nil
		}
		n.log.Info("The network addresses of last time are taken, others are used", "error", err)
		if err == nil {
			_ = h.Close()
		}
	}
	addresses, err := parseAddresses(defaultListen)
	if err != nil {
		return nil, err
	}
	return newHost(n.key, addresses, gate, counted, more...)
}

// listensOn are the addresses of this machine that a host listens on. It listens
// to relays, too, which is no address.
func listensOn(h host.Host) []multiaddr.Multiaddr {
	return slices.DeleteFunc(h.Network().ListenAddresses(), func(a multiaddr.Multiaddr) bool {
		_, relayed := relayOf(a)
		return relayed
	})
}
