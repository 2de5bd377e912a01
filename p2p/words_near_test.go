package p2p

import (
	"net/netip"
	"testing"

	"github.com/multiformats/go-multiaddr"
)

func TestNear(t *testing.T) {
	attached := []netip.Prefix{
		netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("2001:db8:1:2::/64"),
		netip.MustParsePrefix("203.0.113.9/32"),    // no network
		netip.MustParsePrefix("8.0.0.0/8"),         // too large to be near
		netip.MustParsePrefix("2001:db8:2::/48"),   // likewise
		netip.MustParsePrefix("2001:db8:1:4::/64"), // another
	}
	for address, want := range map[string]bool{
		"/ip4/127.0.0.1/tcp/1":                true,
		"/ip4/10.1.2.3/udp/1/quic-v1":         true,
		"/ip4/172.31.0.1/tcp/1":               true,
		"/ip4/192.168.1.20/tcp/1":             true,
		"/ip4/169.254.7.7/tcp/1":              true,
		"/ip6/::1/tcp/1":                      true,
		"/ip6/fe80::1/udp/1/quic-v1":          true,
		"/ip6zone/eth0/ip6/fe80::1/tcp/1":     true,
		"/ip6/fd00::1/tcp/1":                  true,
		"/ip6/::ffff:192.168.1.20/tcp/1":      true,
		"/ip6/2001:db8:1:2::99/udp/1/quic-v1": true, // the same network as ours
		"/ip6/2001:db8:1:3::99/udp/1/quic-v1": false,
		"/ip6/::ffff:198.51.100.8/tcp/1":      true, // likewise
		"/ip4/198.51.100.8/tcp/1":             true,
		"/ip4/198.51.101.8/tcp/1":             false,
		"/ip4/203.0.113.9/tcp/1":              false,
		"/ip6/2001:db8:2::9/tcp/1":            false,
		"/ip4/8.8.8.8/udp/1/quic-v1":          false,
		"/ip4/172.32.0.1/tcp/1":               false,
		"/ip4/100.64.0.1/tcp/1":               false, // a provider's network, with other customers in it
		"/ip4/0.0.0.0/tcp/1":                  false,
		"/dns4/example.org/tcp/1":             false,
		"/ip4/192.168.1.20/tcp/1/p2p-circuit": false,
		"/ip4/192.168.1.20/tcp/1/p2p/12D3KooWCQ7Xv7Cp2L1Lr2DvuAy9rqtBmGUPUjHkR5c5SVdoEW4z": true,
	} {
		a, err := multiaddr.NewMultiaddr(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got := near(a, attached); got != want {
			t.Errorf("%s is near: %v", address, got)
		}
	}
}

func TestOneMachineIsOneSource(t *testing.T) {
	for _, c := range []struct {
		one, two string
		same     bool
	}{
		{"/ip4/192.168.1.20/tcp/1", "/ip4/192.168.1.20/udp/9/quic-v1", true},
		{"/ip4/192.168.1.20/tcp/1", "/ip4/192.168.1.21/tcp/1", false},
		{"/ip6/fd00::1/tcp/1", "/ip6/fd00::2/tcp/1", true},
		{"/ip6/fd00::1/tcp/1", "/ip6/fd00:0:0:1::1/tcp/1", false},
		{"/ip6zone/eth0/ip6/fe80::1/tcp/1", "/ip6zone/eth1/ip6/fe80::2/tcp/1", true},
		{"/ip6/::ffff:192.168.1.20/tcp/1", "/ip4/192.168.1.20/tcp/1", true},
		{"/ip6/::1/tcp/1", "/ip4/127.0.0.1/tcp/1", false},
	} {
		one, two := sourceOf(multiaddr.StringCast(c.one)), sourceOf(multiaddr.StringCast(c.two))
		if (one == two) != c.same {
			t.Errorf("%s is %s, %s is %s", c.one, one, c.two, two)
		}
	}
}
