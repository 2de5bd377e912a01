package p2p

import (
	"slices"
	"testing"

	"github.com/multiformats/go-multiaddr"
)

func TestAddressesThatGetFurtherComeFirst(t *testing.T) {
	want := []string{
		"/ip4/192.168.1.20/udp/4001/quic-v1",
		"/ip4/192.168.1.20/tcp/4001",
		"/ip6/fd00::20/udp/4001/quic-v1",
		"/ip6/fd00::20/tcp/4001",
		"/ip6/fe80::20/tcp/4001",
		"/ip4/127.0.0.1/tcp/4001",
		"/ip6/::1/tcp/4001",
	}
	addresses := make([]multiaddr.Multiaddr, len(want))
	for i, text := range want {
		addresses[len(want)-1-i] = multiaddr.StringCast(text)
	}
	slices.SortFunc(addresses, func(a, b multiaddr.Multiaddr) int { return reach(a) - reach(b) })
	for i, a := range addresses {
		if a.String() != want[i] {
			t.Errorf("place %d has %s, want %s", i, a, want[i])
		}
		if far := i < 4; far != (reach(a) < reachNear) {
			t.Errorf("%s is of use elsewhere: %t, want %t", a, !far, far)
		}
	}
}
