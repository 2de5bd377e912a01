package p2p

import (
	"sync"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/multiformats/go-multiaddr"
)

// A portMapper asks the router of this network to open the ports that a host
// listens on, by UPnP or NAT-PMP. A nil portMapper asks nobody.
type portMapper struct {
	mu  sync.Mutex
	nat basichost.NATManager
}

// newMapper gives nil where it was not asked for, and where it would be of no
// use: all spaces stay on the local network.
func (n *Node) newMapper() *portMapper {
	if !n.mapPorts {
		return nil
	}
	ids := n.store.Spaces()
	for _, id := range ids {
		if !n.staysLocal(id) {
			return &portMapper{}
		}
	}
	if len(ids) == 0 {
		return &portMapper{}
	}
	return nil
}

// options make a host ask.
func (m *portMapper) options() []libp2p.Option {
	if m == nil {
		return nil
	}
	return []libp2p.Option{libp2p.NATManager(func(of network.Network) basichost.NATManager {
		nat := basichost.NewNATManager(of)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.nat = nat
		return nat
	})}
}

// mapped are the addresses at which the router has opened a port.
func (m *portMapper) mapped(h host.Host) (addresses []multiaddr.Multiaddr) {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	nat := m.nat
	m.mu.Unlock()
	if nat == nil {
		return nil
	}
	for _, a := range h.Network().ListenAddresses() {
		if mapped := nat.GetMapping(a); mapped != nil {
			addresses = append(addresses, mapped)
		}
	}
	return addresses
}

// state is whether the router has opened a port.
func (m *portMapper) state(h host.Host) Answer {
	if m == nil {
		return Off
	}
	if len(m.mapped(h)) > 0 {
		return Yes
	}
	return No
}
