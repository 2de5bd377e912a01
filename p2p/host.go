package p2p

import (
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	circuitrelay "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/libp2p/go-libp2p/x/rate"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

// defaultListen is any free port, on every interface.
var defaultListen = []string{
	"/ip4/0.0.0.0/udp/0/quic-v1",
	"/ip6/::/udp/0/quic-v1",
	"/ip4/0.0.0.0/tcp/0",
	"/ip6/::/tcp/0",
}

const (
	connectionsPerAddress = 256 // a workshop sits behind one router
	connectionsLow        = 192 // the connection manager trims strangers back to this
	connectionsHigh       = 320
	connectionGrace       = 30 * time.Second
	dialTimeout           = 10 * time.Second
)

// newHost starts listening. Nothing is dialled, and no service runs that other
// programs could use: no relay, no NAT detection for others, no ping. Others can
// be talked to through relays, and holes punched on their account, as far as the
// gater lets them. Options given come last, and change what is set here.
func newHost(key space.Key, listen []multiaddr.Multiaddr, gate *gater, counted *traffic, more ...libp2p.Option) (host.Host, error) {
	private, err := hostKey(key)
	if err != nil {
		return nil, err
	}
	resources, err := newResources()
	if err != nil {
		return nil, err
	}
	connections, err := connmgr.NewConnManager(connectionsLow, connectionsHigh, connmgr.WithGracePeriod(connectionGrace))
	if err != nil {
		return nil, fmt.Errorf("set up connection manager: %w", err)
	}
	options := []libp2p.Option{
		libp2p.Identity(private),
		libp2p.Transport(quic.NewTransport),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(tls.ID, tls.New),
		libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.ListenAddrs(listen...),
		libp2p.ResourceManager(resources),
		libp2p.ConnectionManager(connections),
		libp2p.ConnectionGater(gate),
		libp2p.AddrsFactory(gate.ways.announce),
		libp2p.BandwidthReporter(counted),
		libp2p.EnableRelay(),
		libp2p.EnableHolePunching(),
		libp2p.DisableMetrics(),
		libp2p.ForceReachabilityPrivate(), // keeps AutoNAT from asking others
		libp2p.Ping(false),
		libp2p.WithDialTimeout(dialTimeout),
		// Members that are switched off are no sign of a network that lets
		// nothing through: we dial few, and go on trying.
		libp2p.UDPBlackHoleSuccessCounter(nil),
		libp2p.IPv6BlackHoleSuccessCounter(nil),
		libp2p.UserAgent("parley"),
		libp2p.ProtocolVersion("parley"),
	}
	h, err := libp2p.New(append(options, more...)...)
	if err != nil {
		return nil, fmt.Errorf("start network: %w", err)
	}
	return h, nil
}

// newResources allows many devices behind one address, and bounds what one
// device may take.
func newResources() (network.ResourceManager, error) {
	limits := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&limits)
	circuits := rcmgr.ResourceLimits{Streams: 8192, StreamsInbound: 4096, StreamsOutbound: 4096, Memory: 256 << 20}
	circuitsOfOne := rcmgr.ResourceLimits{
		Streams: 2 * relayCircuits, StreamsInbound: 2 * relayCircuits, StreamsOutbound: 2 * relayCircuits, Memory: 16 << 20,
	}
	built := rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			Conns: 1024, ConnsInbound: 512, ConnsOutbound: 512,
			Streams: 32768, StreamsInbound: 16384, StreamsOutbound: 16384,
			FD: 2048,
		},
		Transient: rcmgr.ResourceLimits{Conns: 256, ConnsInbound: 128, ConnsOutbound: 256, Streams: 512, FD: 512},
		PeerDefault: rcmgr.ResourceLimits{
			Conns: 8, ConnsInbound: 8, ConnsOutbound: 8,
			// Two of gossip for every space that is shared.
			Streams: 2304, StreamsInbound: 1152, StreamsOutbound: 1152,
			Memory: 256 << 20,
		},
		ProtocolDefault:     rcmgr.ResourceLimits{Streams: 32768, StreamsInbound: 16384, StreamsOutbound: 16384},
		ProtocolPeerDefault: rcmgr.ResourceLimits{Streams: 2048, StreamsInbound: 1024, StreamsOutbound: 1024, Memory: 256 << 20},
		// Of a keeper: circuits of many, and as many of one as the relay allows.
		Service:     map[string]rcmgr.ResourceLimits{circuitrelay.ServiceName: circuits},
		ServicePeer: map[string]rcmgr.ResourceLimits{circuitrelay.ServiceName: circuitsOfOne},
		Protocol: map[protocol.ID]rcmgr.ResourceLimits{
			circuit.ProtoIDv2Hop: circuits, circuit.ProtoIDv2Stop: circuits,
		},
		ProtocolPeer: map[protocol.ID]rcmgr.ResourceLimits{
			circuit.ProtoIDv2Hop: circuitsOfOne, circuit.ProtoIDv2Stop: circuitsOfOne,
		},
	}.Build(limits.AutoScale())
	loopback4, loopback6 := netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")
	manager, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(built),
		rcmgr.WithMetricsDisabled(),
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: connectionsPerAddress}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: connectionsPerAddress}},
		),
		rcmgr.WithNetworkPrefixLimit(
			[]rcmgr.NetworkPrefixLimit{{Network: loopback4, ConnCount: math.MaxInt}},
			[]rcmgr.NetworkPrefixLimit{{Network: loopback6, ConnCount: math.MaxInt}},
		),
		rcmgr.WithConnRateLimiters(&rate.Limiter{
			NetworkPrefixLimits: []rate.PrefixLimit{{Prefix: loopback4}, {Prefix: loopback6}},
			SubnetRateLimiter: rate.SubnetLimiter{
				IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: rate.Limit{RPS: 16, Burst: connectionsPerAddress}}},
				IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 56, Limit: rate.Limit{RPS: 16, Burst: connectionsPerAddress}}},
				GracePeriod:      time.Minute,
			},
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("set up resource manager: %w", err)
	}
	return manager, nil
}

func parseAddresses(texts []string) ([]multiaddr.Multiaddr, error) {
	addresses := make([]multiaddr.Multiaddr, 0, len(texts))
	for _, text := range texts {
		address, err := multiaddr.NewMultiaddr(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a network address like /ip4/192.168.1.20/tcp/4001: %w", text, err)
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}
