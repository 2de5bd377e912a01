package p2p

import (
	"net/netip"
	"slices"
	"sync"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// A whereabouts knows which addresses this machine has now. libp2p looks once a
// minute: somebody who comes to another network would for that long tell
// everybody where they were before.
type whereabouts struct {
	mu   sync.Mutex
	host network.Network     // nil until it listens
	had  map[netip.Addr]bool // by the machine, at any time
}

// listens says what listens on the machine's addresses.
func (w *whereabouts) listens(host network.Network) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.host = host
}

// correct replaces the addresses that the machine had before by those that it
// has now. Others, which a router told of or a peer, stay.
func (w *whereabouts) correct(addresses []multiaddr.Multiaddr) []multiaddr.Multiaddr {
	now, err := manet.InterfaceMultiaddrs()
	if err != nil {
		return addresses
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.had == nil {
		w.had = make(map[netip.Addr]bool)
	}
	has := make(map[netip.Addr]bool)
	now = slices.DeleteFunc(now, manet.IsIP6LinkLocal) // which libp2p does not dial
	for _, a := range now {
		if ip, ok := ipOf(a); ok {
			has[ip], w.had[ip] = true, true
		}
	}
	correct := slices.DeleteFunc(slices.Clone(addresses), func(a multiaddr.Multiaddr) bool {
		ip, ok := ipOf(a)
		return ok && w.had[ip] && !has[ip]
	})
	if w.host == nil {
		return correct
	}
	everywhere := slices.DeleteFunc(w.host.ListenAddresses(), func(a multiaddr.Multiaddr) bool { return !manet.IsIPUnspecified(a) })
	resolved, err := manet.ResolveUnspecifiedAddresses(everywhere, now)
	if err != nil {
		return correct // it listens nowhere
	}
	return multiaddr.Unique(append(correct, resolved...))
}
