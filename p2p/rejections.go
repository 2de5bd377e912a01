package p2p

import (
	"fmt"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// rejections hears from gossipsub which messages it rejected before our own
// checks saw them. It is called on gossipsub's own goroutines.
type rejections struct{ room *room }

// RejectMessage refuses peers that pass on what no honest device would.
func (t rejections) RejectMessage(m *pubsub.Message, reason string) {
	switch reason {
	case pubsub.RejectUnexpectedSignature, pubsub.RejectUnexpectedAuthInfo, pubsub.RejectInvalidSignature:
		o, p := t.room.online, m.ReceivedFrom
		o.do(func() { o.refuse(p, fmt.Errorf("%w: gossip with %s", errNonsense, reason)) })
	}
}

// The rest of what gossipsub tells is of no interest.

func (rejections) OnNewOutboundStream(peer.ID, protocol.ID)             {}
func (rejections) OnClosedOutboundStream(peer.ID)                       {}
func (rejections) Join(string)                                          {}
func (rejections) Leave(string)                                         {}
func (rejections) Graft(peer.ID, string)                                {}
func (rejections) Prune(peer.ID, string)                                {}
func (rejections) ValidateMessage(*pubsub.Message)                      {}
func (rejections) DeliverMessage(*pubsub.Message)                       {}
func (rejections) DuplicateMessage(*pubsub.Message)                     {}
func (rejections) ThrottlePeer(peer.ID)                                 {}
func (rejections) RecvRPC(*pubsub.RPC)                                  {}
func (rejections) SendRPC(*pubsub.RPC, peer.ID)                         {}
func (rejections) SendRPCCompleted(*pubsub.RPC, peer.ID, time.Duration) {}
func (rejections) DropRPC(*pubsub.RPC, peer.ID)                         {}
func (rejections) UndeliverableMessage(*pubsub.Message)                 {}
