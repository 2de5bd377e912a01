package p2p

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"parley/space"
)

const (
	admitProtocol protocol.ID = "/parley/admit/2"

	admitPatience = 10 * time.Second
	admitFrame    = 32 << 10
	logFrame      = maxPageBytes + 64<<10 // a page and its wrapping

	// maxRequests bounds the applications of one space that wait for a
	// facilitator: whoever has the code can make up devices.
	maxRequests = 64
)

// Why Join did not end with this device a member.
var (
	// ErrNotNow means that a member could not admit us for a reason of its own.
	ErrNotNow = errors.New("the other computer could not let you in just now: try again in a moment")
	// ErrWaiting means that the application is there, and that a facilitator
	// has to answer it first.
	ErrWaiting = errors.New("a facilitator has been asked and has not answered yet")
	// ErrDeclined means that a facilitator has said no.
	ErrDeclined = errors.New("a facilitator has declined")
)

// reasons are the numbers of errors on the wire. What has none is "not now".
var reasons = map[uint8]error{
	1: space.ErrExpired,
	2: space.ErrUsedUp,
	3: space.ErrWithdrawn,
	4: ErrNotNow,
	5: ErrWaiting,
	6: ErrDeclined,
	7: space.ErrRemoved,
	8: space.ErrRevoked,
}

func reasonFor(err error) uint8 {
	for number, reason := range reasons {
		if errors.Is(err, reason) {
			return number
		}
	}
	return 4
}

func errorFor(reason uint8) error {
	if err, ok := reasons[reason]; ok {
		return err
	}
	return ErrNotNow
}

// answerAdmit is the stream handler on the admitter's side. Until the newcomer
// has proved to hold an invitation, every failure looks the same to it.
func (o *online) answerAdmit(ctx context.Context, stream network.Stream) error {
	newcomer, _ := deviceOf(stream.Conn().RemotePeer())
	c := converse(stream, admitPatience)
	script, k, err := o.hearKnock(c, newcomer)
	if err != nil {
		return fmt.Errorf("admit: %w", err)
	}
	log, invitation, ok := o.node.knockedAt(script, k, o.mayName(stream.Conn()))
	if !ok {
		return fmt.Errorf("admit %s: %w", newcomer, space.ErrUnknownInvitation)
	}
	if err := c.say(&openDoor{Tag: script.lockTag(invitationLock(log.ID(), invitation), sideAnswerer)}); err != nil {
		return fmt.Errorf("admit: %w", err)
	}
	var a apply
	if _, err := c.hear(admitFrame, &a); err != nil {
		return fmt.Errorf("admit: %w", err)
	}
	if err := o.answerApplication(ctx, c, log, newcomer, invitation, a.Application); err != nil {
		return fmt.Errorf("admit: %w", err)
	}
	return c.close()
}

// answerApplication lets a newcomer in or says why not.
func (o *online) answerApplication(ctx context.Context, c *conversation, log *space.Log, newcomer space.DeviceID, key space.InvitationKey, raw []byte) error {
	err := o.node.admit(ctx, log, newcomer, key, raw)
	switch {
	case errors.Is(err, space.ErrMalformedApplication), errors.Is(err, errNonsense):
		return fmt.Errorf("%w: %w", errNonsense, err)
	case err != nil:
		o.log.Info("A newcomer was not let in", "device", newcomer, "space", log.ID(), "error", err)
		return c.say(&refused{Reason: reasonFor(err)})
	}
	o.log.Info("A newcomer was let in", "device", newcomer, "space", log.ID())
	return sayLog(c, log)
}

// mayName says of which spaces may be spoken over a connection.
func (o *online) mayName(c network.Conn) func(space.ID) bool {
	return func(id space.ID) bool { return o.ways.admits(id, c) }
}

// knockedAt finds the invitation that a knock is made with, in a space that may
// be named.
func (n *Node) knockedAt(script transcript, k knock, mayName func(space.ID) bool) (*space.Log, space.InvitationKey, bool) {
	for _, id := range n.store.Spaces() {
		log, ok := n.store.Log(id)
		if !ok || !n.belongs(id) || !mayName(id) {
			continue
		}
		for _, invitation := range log.Invitations() {
			if script.fits(invitationLock(id, invitation.Key), &k) {
				return log, invitation.Key, true
			}
		}
	}
	return nil, space.InvitationKey{}, false
}

// An admission is one at a time, so that two newcomers do not both take an
// invitation's last use here.
type admission struct {
	mu sync.Mutex
	// waiting are the devices that asked here and were told to wait: they are
	// greeted when they have been answered.
	waiting map[space.ID]map[space.DeviceID]bool
}

// admit makes a newcomer a member, durably. It is no error if it is one. It
// fails with ErrWaiting where a facilitator has to be asked first, who then is,
// durably as well.
func (n *Node) admit(ctx context.Context, log *space.Log, newcomer space.DeviceID, key space.InvitationKey, raw []byte) error {
	application, err := space.ParseApplication(raw)
	if err != nil {
		return err
	}
	if application.Device != newcomer || application.Space != log.ID() || application.Invitation != key {
		return fmt.Errorf("%w: an application for another device, space or invitation", errNonsense)
	}
	n.admission.mu.Lock()
	defer n.admission.mu.Unlock()
	if n.member(log.ID(), newcomer) {
		return nil // it lost our answer
	}
	if log.Declined(newcomer, key) {
		return ErrDeclined
	}
	entry, err := log.Admit(n.key, raw, n.now())
	asked := errors.Is(err, space.ErrAsked)
	if err != nil && !asked {
		return err
	}
	if asked {
		if err := n.keepRequest(ctx, log, application, entry); err != nil {
			return err
		}
		inner(n.admission.waiting, log.ID())[newcomer] = true
		return ErrWaiting
	}
	if _, _, err := n.store.AddEntries(ctx, log.ID(), [][]byte{entry.Raw}); err != nil {
		return fmt.Errorf("store join: %w", err)
	}
	if !n.member(log.ID(), newcomer) {
		return space.ErrUsedUp // the log decided otherwise: somebody else's join came first
	}
	return nil
}

// keepRequest makes durable that somebody asks to be let in, once.
func (n *Node) keepRequest(ctx context.Context, log *space.Log, application space.Application, entry space.Entry) error {
	requests := log.Requests()
	for _, request := range requests {
		if request.Device == application.Device && request.Invitation == application.Invitation {
			return nil
		}
	}
	// Not among those that wait, because it was answered a moment ago.
	if log.Declined(application.Device, application.Invitation) {
		return ErrDeclined
	}
	if len(requests) >= maxRequests {
		return ErrNotNow
	}
	if _, _, err := n.store.AddEntries(ctx, log.ID(), [][]byte{entry.Raw}); err != nil {
		return fmt.Errorf("store request: %w", err)
	}
	return nil
}

// answered are the devices that waited for an answer which a log has now.
func (n *Node) answered(log *space.Log) (devices []space.DeviceID) {
	n.admission.mu.Lock()
	defer n.admission.mu.Unlock()
	waiting := n.admission.waiting[log.ID()]
	if len(waiting) == 0 {
		return nil
	}
	open := make(map[space.DeviceID]bool)
	for _, request := range log.Requests() {
		open[request.Device] = true
	}
	for device := range waiting {
		if !open[device] {
			delete(waiting, device)
			devices = append(devices, device)
		}
	}
	return devices
}
