package p2p

import (
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// reachNear is the rank from which on an address is of use on this machine or
// this cable alone.
const reachNear = 20

// reach ranks addresses by how likely somebody else gets through on them: an
// invitation has room for a few only.
func reach(a multiaddr.Multiaddr) int {
	rank := 0
	if _, err := a.ValueForProtocol(multiaddr.P_TCP); err == nil {
		rank++ // QUIC is one round trip faster
	}
	if _, err := a.ValueForProtocol(multiaddr.P_IP6); err == nil {
		rank += 2
	}
	switch {
	case manet.IsIPLoopback(a):
		return rank + reachNear + 10
	case manet.IsIP6LinkLocal(a):
		return rank + reachNear
	case manet.IsPublicAddr(a), manet.IsPrivateAddr(a):
		return rank
	}
	return rank + 10
}
