package p2p

import (
	"net"
	"net/netip"

	"github.com/multiformats/go-multiaddr"
)

// What a network has to be at least to count as one: a machine at a hosting
// company may be told that half the internet is its neighbour.
const (
	leastNetwork4 = 16 // bits
	leastNetwork6 = sameLink
)

// sameLink is how many bits of IPv6 addresses are alike on one network.
const sameLink = 64

// near reports whether an address is one of the local network: loopback,
// link-local, private, or of a network that this machine is attached to, since
// there are homes and offices with public addresses inside.
func near(a multiaddr.Multiaddr, attached []netip.Prefix) bool {
	ip, ok := ipOf(a)
	if !ok {
		return false
	}
	if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
		return true
	}
	for _, network := range attached {
		least := leastNetwork4
		if network.Addr().Is6() {
			least = leastNetwork6
		}
		// One that holds a single address is no network.
		if network.Bits() >= least && !network.IsSingleIP() && network.Contains(ip) {
			return true
		}
	}
	return false
}

// attached are the networks that this machine has an address in.
func attached() []netip.Prefix {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil // then only what is near everywhere is
	}
	var networks []netip.Prefix
	for _, address := range addresses {
		if network, err := netip.ParsePrefix(address.String()); err == nil {
			networks = append(networks, network.Masked())
		}
	}
	return networks
}

// ipOf is where an address leads directly.
func ipOf(a multiaddr.Multiaddr) (netip.Addr, bool) {
	if _, err := a.ValueForProtocol(multiaddr.P_CIRCUIT); err == nil {
		return netip.Addr{}, false // to a relay
	}
	for _, protocol := range []int{multiaddr.P_IP4, multiaddr.P_IP6} {
		if text, err := a.ValueForProtocol(protocol); err == nil {
			ip, err := netip.ParseAddr(text)
			return ip.Unmap(), err == nil
		}
	}
	return netip.Addr{}, false
}

func linkOf(ip netip.Addr) netip.Prefix {
	link, err := ip.WithZone("").Prefix(sameLink)
	if err != nil {
		panic(err) // only asked of IPv6 addresses
	}
	return link
}

// sourceOf names the machine behind an address, or as near as one gets: of
// IPv6, where a machine has as many addresses as it likes, the network.
func sourceOf(a multiaddr.Multiaddr) string {
	ip, ok := ipOf(a)
	switch {
	case !ok:
		return ""
	case ip.Is6() && !ip.IsLoopback():
		return linkOf(ip).String()
	}
	return ip.String()
}
