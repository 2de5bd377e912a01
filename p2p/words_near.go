package p2p

import (
	"net/netip"

	"github.com/multiformats/go-multiaddr"
)

// sameLink is how many bits of IPv6 addresses are alike on one network.
const sameLink = 64

// near reports whether an address is one of the local network: loopback,
// link-local, private, or IPv6 with the network part of one of our own
// addresses, since homes and offices have public IPv6 addresses inside.
func near(a multiaddr.Multiaddr, own []multiaddr.Multiaddr) bool {
	ip, ok := ipOf(a)
	if !ok {
		return false
	}
	if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
		return true
	}
	if !ip.Is6() || !ip.IsGlobalUnicast() {
		return false
	}
	for _, mine := range own {
		if other, ok := ipOf(mine); ok && other.Is6() && linkOf(other) == linkOf(ip) {
			return true
		}
	}
	return false
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

func (o *online) near(a multiaddr.Multiaddr) bool {
	own, err := o.host.Network().InterfaceListenAddresses()
	if err != nil {
		own = nil // then only what is near everywhere is
	}
	return near(a, own)
}
