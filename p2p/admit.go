package p2p

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"parley/space"
)

const (
	admitProtocol protocol.ID = "/parley/admit/1"

	admitPatience = 10 * time.Second
	admitFrame    = 32 << 10
	logFrame      = maxPageBytes + 64<<10 // a page and its wrapping
)

// ErrNotNow is what Join fails with when a member could not admit us for a
// reason of its own.
var ErrNotNow = errors.New("the other computer could not let you in just now: try again in a moment")

// Reasons on the wire, and what they are for us.
const (
	reasonExpired   uint8 = 1
	reasonUsedUp    uint8 = 2
	reasonWithdrawn uint8 = 3
	reasonNotNow    uint8 = 4
)

func reasonFor(err error) uint8 {
	switch {
	case errors.Is(err, space.ErrExpired):
		return reasonExpired
	case errors.Is(err, space.ErrUsedUp):
		return reasonUsedUp
	case errors.Is(err, space.ErrWithdrawn):
		return reasonWithdrawn
	}
	return reasonNotNow
}

func errorFor(reason uint8) error {
	switch reason {
	case reasonExpired:
		return space.ErrExpired
	case reasonUsedUp:
		return space.ErrUsedUp
	case reasonWithdrawn:
		return space.ErrWithdrawn
	}
	return ErrNotNow
}

// answerAdmit is the stream handler on the admitter's side. Until the newcomer
// has proved to hold an invitation, every failure looks the same to it.
func (o *online) answerAdmit(ctx context.Context, stream network.Stream) error {
	newcomer, _ := deviceOf(stream.Conn().RemotePeer())
	c := converse(stream, admitPatience)
	var theirs nonce
	if _, err := c.hear(admitFrame, &theirs); err != nil {
		return fmt.Errorf("admit: %w", err)
	}
	mine := nonce{Nonce: newNonce()}
	script := transcript{
		openerNonce: theirs.Nonce, answererNonce: mine.Nonce,
		opener: newcomer, answerer: o.node.device,
	}
	if err := c.say(&mine); err != nil {
		return fmt.Errorf("admit: %w", err)
	}
	var k knock
	if _, err := c.hear(admitFrame, &k); err != nil {
		return fmt.Errorf("admit: %w", err)
	}
	log, invitation, ok := o.node.knockedAt(script, k)
	if !ok {
		return fmt.Errorf("admit %s: %w", newcomer, space.ErrUnknownInvitation)
	}
	if err := c.say(&openDoor{Tag: script.admitTag(log.ID(), invitation, sideAnswerer)}); err != nil {
		return fmt.Errorf("admit: %w", err)
	}
	var a apply
	if _, err := c.hear(admitFrame, &a); err != nil {
		return fmt.Errorf("admit: %w", err)
	}
	if err := o.node.admit(ctx, log, newcomer, invitation, a.Application); err != nil {
		if errors.Is(err, space.ErrMalformedApplication) || errors.Is(err, errNonsense) {
			return fmt.Errorf("%w: %w", errNonsense, err)
		}
		o.log.Info("A newcomer was not let in", "device", newcomer, "space", log.ID(), "error", err)
		if err := c.say(&refused{Reason: reasonFor(err)}); err != nil {
			return fmt.Errorf("admit: %w", err)
		}
		return c.close()
	}
	o.log.Info("A newcomer was let in", "device", newcomer, "space", log.ID())
	listed := pages(log.Entries(), maxPageBytes)
	for i, page := range listed {
		if err := c.say(&admitted{Entries: page, Last: i == len(listed)-1}); err != nil {
			return fmt.Errorf("admit: %w", err)
		}
	}
	return c.close()
}

// knockedAt finds the invitation that a knock is made with.
func (n *Node) knockedAt(script transcript, k knock) (*space.Log, space.InvitationKey, bool) {
	for _, id := range n.store.Spaces() {
		log, ok := n.store.Log(id)
		if !ok || !n.member(id, n.device) {
			continue
		}
		for _, invitation := range log.Invitations() {
			expected := script.admitTag(id, invitation.Key, sideOpener)
			if hmac.Equal(expected[:], k.Tag[:]) &&
				space.DeviceID(invitation.Key).Verify(script.knockMessage(), k.Signature[:]) {
				return log, invitation.Key, true
			}
		}
	}
	return nil, space.InvitationKey{}, false
}

// An admission is one at a time, so that two newcomers do not both take an
// invitation's last use here.
type admission struct{ mu sync.Mutex }

// admit makes a newcomer a member, durably. It is no error if it is one.
func (n *Node) admit(ctx context.Context, log *space.Log, newcomer space.DeviceID, invitation space.InvitationKey, raw []byte) error {
	application, err := space.ParseApplication(raw)
	if err != nil {
		return err
	}
	if application.Device != newcomer || application.Space != log.ID() || application.Invitation != invitation {
		return fmt.Errorf("%w: an application for another device, space or invitation", errNonsense)
	}
	n.admission.mu.Lock()
	defer n.admission.mu.Unlock()
	if n.member(log.ID(), newcomer) {
		return nil // it lost our answer
	}
	entry, err := log.Admit(n.key, raw, n.now())
	if err != nil {
		return err
	}
	if _, _, err := n.store.AddEntries(ctx, log.ID(), [][]byte{entry.Raw}); err != nil {
		return fmt.Errorf("store join: %w", err)
	}
	if !n.member(log.ID(), newcomer) {
		return space.ErrUsedUp // the log decided otherwise: somebody else's join came first
	}
	return nil
}
