package dht

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p"
	kad "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	// prefix keeps the table apart from all others, the public one of IPFS among
	// them: its protocol is /parley/kad/1.0.0.
	prefix = "/parley"

	dialTime = 10 * time.Second
	noteTime = 48 * time.Hour // a note is kept
	maxNotes = 1 << 14        // by one who serves: 40 MB

	memory      = 64 << 20
	files       = 256
	connections = 96
)

// ErrNobody says that none of the nodes that were entered answers, nor any other.
var ErrNobody = errors.New("no node of the table answers")

// ErrNothing says that nothing was left under a key.
var ErrNothing = errors.New("nothing was left here")

// Config is what a table is made of.
type Config struct {
	// Bootstrap are the nodes that the user entered, the only ones that are
	// dialled at addresses other than the internet's.
	Bootstrap []peer.AddrInfo

	// Listen is where this table serves others; empty: it only asks, and nobody
	// can connect to it. Key is the identity of one that serves, so that its
	// address stays good; one that only asks draws its own.
	Listen []multiaddr.Multiaddr
	Key    ed25519.PrivateKey
}

// Table is a node of the hash table. Its methods may be called from any
// goroutine.
type Table struct {
	host host.Host
	kad  *kad.IpfsDHT
	near []peer.AddrInfo
}

// Open starts a node; nobody is asked for anything yet.
func Open(ctx context.Context, config Config) (*Table, error) {
	h, err := newHost(config)
	if err != nil {
		return nil, err
	}
	mode, room := kad.ModeClient, 0
	if len(config.Listen) > 0 {
		mode, room = kad.ModeServer, maxNotes
	}
	table, err := kad.New(context.WithoutCancel(ctx), h, // it ends when it is closed
		kad.Mode(mode), kad.ProtocolPrefix(prefix),
		kad.Validator(notes{}), kad.DisableProviders(), kad.MaxRecordAge(noteTime),
		kad.Datastore(newShelf(max(room, 64))), // who only asks keeps what it has left itself
		kad.AddressFilter(internetOnly),
		kad.BootstrapPeers(config.Bootstrap...),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start hash table: %w", err), h.Close())
	}
	return &Table{host: h, kad: table, near: config.Bootstrap}, nil
}

// Close ends everything and returns when it has ended.
func (t *Table) Close() error { return errors.Join(t.kad.Close(), t.host.Close()) }

// Addresses are where one that serves can be reached, with its ID: for others
// to enter.
func (t *Table) Addresses() (list []string) {
	addresses, err := t.host.Network().InterfaceListenAddresses()
	if err != nil {
		return nil // it is being closed
	}
	for _, a := range addresses {
		list = append(list, a.String()+"/p2p/"+t.host.ID().String())
	}
	return list
}

// Nodes is how many others are known that keep notes.
func (t *Table) Nodes() int { return t.kad.RoutingTable().Size() }

// Join connects to the nodes that were entered, unless others are known already.
// It fails with ErrNobody.
func (t *Table) Join(ctx context.Context) error {
	if t.Nodes() > 0 {
		return nil
	}
	var failed error
	for _, info := range t.near {
		dialling, cancel := context.WithTimeout(ctx, dialTime)
		err := t.host.Connect(dialling, info)
		cancel()
		if err != nil {
			failed = errors.Join(failed, err)
		}
	}
	// Whether one who is connected is of this table, takes it a moment to find out.
	refreshing, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	for t.Nodes() == 0 {
		select {
		case err := <-t.kad.ForceRefresh():
			failed = errors.Join(failed, err)
		case <-refreshing.Done():
			return fmt.Errorf("%w: %w", ErrNobody, errors.Join(failed, ctx.Err()))
		}
		timer := time.NewTimer(50 * time.Millisecond)
		select {
		case <-timer.C:
		case <-refreshing.Done():
			timer.Stop()
		}
	}
	return nil
}

// Leave puts a note of at most MaxContent bytes under a key's public half, in
// place of one with a lower sequence number.
func (t *Table) Leave(ctx context.Context, writer ed25519.PrivateKey, sequence uint64, content []byte) error {
	if len(content) > MaxContent {
		return fmt.Errorf("leave a note: %d bytes", len(content))
	}
	public, _ := writer.Public().(ed25519.PublicKey)
	if err := t.kad.PutValue(ctx, keyOf(public), sign(writer, sequence, content)); err != nil {
		return fmt.Errorf("leave a note: %w", err)
	}
	return nil
}

// Look finds the newest note under a key. It fails with ErrNothing.
func (t *Table) Look(ctx context.Context, public ed25519.PublicKey) (content []byte, err error) {
	note, err := t.kad.GetValue(ctx, keyOf(public))
	if errors.Is(err, routing.ErrNotFound) {
		return nil, ErrNothing
	}
	if err != nil {
		return nil, fmt.Errorf("look for a note: %w", err)
	}
	_, content, err = read(keyOf(public), note)
	return content, err
}

func newHost(config Config) (host.Host, error) {
	limits := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&limits)
	resources, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits.Scale(memory, files)), rcmgr.WithMetricsDisabled())
	if err != nil {
		return nil, fmt.Errorf("start hash table: %w", err)
	}
	manager, err := connmgr.NewConnManager(connections/2, connections)
	if err != nil {
		return nil, fmt.Errorf("start hash table: %w", err)
	}
	options := []libp2p.Option{
		libp2p.Transport(quic.NewTransport), libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(tls.ID, tls.New), libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.ResourceManager(resources), libp2p.ConnectionManager(manager), libp2p.ConnectionGater(newGate(config.Bootstrap)),
		libp2p.AddrsFactory(internetOnly),
		libp2p.DisableRelay(), libp2p.DisableMetrics(), libp2p.DisableIdentifyAddressDiscovery(),
		libp2p.ForceReachabilityPrivate(), libp2p.Ping(false),
		libp2p.UDPBlackHoleSuccessCounter(nil), libp2p.IPv6BlackHoleSuccessCounter(nil),
		libp2p.WithDialTimeout(dialTime), libp2p.UserAgent("parley"), libp2p.ProtocolVersion("parley"),
	}
	if len(config.Listen) > 0 {
		identity, err := crypto.UnmarshalEd25519PrivateKey(config.Key)
		if err != nil {
			return nil, fmt.Errorf("start hash table: %w", err)
		}
		options = append(options, libp2p.Identity(identity), libp2p.ListenAddrs(config.Listen...))
	} else {
		options = append(options, libp2p.RandomIdentity, libp2p.NoListenAddrs)
	}
	h, err := libp2p.New(options...)
	if err != nil {
		return nil, fmt.Errorf("start hash table: %w", err)
	}
	return h, nil
}

// internetOnly leaves out addresses of local networks, which nobody else is told
// of and nobody is believed.
func internetOnly(addresses []multiaddr.Multiaddr) (list []multiaddr.Multiaddr) {
	for _, a := range addresses {
		if isInternet(a) {
			list = append(list, a)
		}
	}
	return list
}

func isInternet(a multiaddr.Multiaddr) bool {
	ip, err := manet.ToIP(a)
	return err == nil && ip != nil && manet.IsPublicAddr(a)
}

// A gate keeps strangers from sending this machine anywhere but to the internet.
type gate map[peer.ID][]multiaddr.Multiaddr

func newGate(entered []peer.AddrInfo) gate {
	g := make(gate)
	for _, info := range entered {
		g[info.ID] = append(g[info.ID], info.Addrs...)
	}
	return g
}

func (gate) InterceptPeerDial(peer.ID) bool                                           { return true }
func (gate) InterceptAccept(network.ConnMultiaddrs) bool                              { return true }
func (gate) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason)          { return true, 0 }
func (gate) InterceptSecured(network.Direction, peer.ID, network.ConnMultiaddrs) bool { return true }

func (g gate) InterceptAddrDial(p peer.ID, a multiaddr.Multiaddr) bool {
	if isInternet(a) {
		return true
	}
	for _, entered := range g[p] {
		if entered.Equal(a) || isNamed(entered) {
			return true
		}
	}
	return false
}

// isNamed reports whether an address is one for which a name is looked up.
func isNamed(a multiaddr.Multiaddr) bool {
	_, err := manet.ToIP(a)
	return err != nil
}
