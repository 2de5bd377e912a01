package p2p

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"parley/space"
)

// joinTime is how long Join tries if its context gives no deadline.
const joinTime = 20 * time.Second

// Errors of Join and Connect that callers tell apart.
var (
	// ErrUnreachable means that nobody who could have helped was found.
	ErrUnreachable = errors.New("nobody from this space could be reached: ask the person who invited you to keep Parley open, and check that both computers are on a network where they can reach each other")
	// ErrOffline means that the network is switched off.
	ErrOffline = errors.New("this computer is set to work offline: go online first")
)

// Join uses an invitation: it finds a member, is admitted, and stores the
// membership log. It returns when this device is a member, durably; documents
// follow by themselves. The code's inviter, devices connected already and
// devices found on the local network are asked, all at once.
//
// It fails with ErrWaiting if a facilitator has to say yes first: the caller
// then keeps code and person, and gives them to KeepKnocking, now and after each
// start. It fails with space.ErrAlreadyMember, space.ErrExpired,
// space.ErrUsedUp, space.ErrWithdrawn, space.ErrRemoved, space.ErrRevoked,
// ErrDeclined, ErrUnreachable, ErrNotNow, ErrOffline or an error of the store. It
// may be repeated.
func (n *Node) Join(ctx context.Context, code space.Code, person space.Person) (space.ID, error) {
	return n.JoinAs(ctx, code, person, "")
}

// JoinAs is Join for a device that says what it is called.
func (n *Node) JoinAs(ctx context.Context, code space.Code, person space.Person, label string) (space.ID, error) {
	if n.belongs(code.Space) {
		return space.ID{}, fmt.Errorf("join: %w", space.ErrAlreadyMember)
	}
	if code.Expired(n.now()) {
		return space.ID{}, fmt.Errorf("join: %w", space.ErrExpired)
	}
	application, err := space.ApplyAs(n.key, code, person, label)
	if err != nil {
		return space.ID{}, fmt.Errorf("join: %w", err)
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, joinTime)
		defer cancel()
	}
	err = n.knockEverywhere(ctx, code, func(ctx context.Context, o *online, info peer.AddrInfo) error {
		return o.knockAt(ctx, info, code, application)
	})
	if err != nil {
		return space.ID{}, fmt.Errorf("join: %w", err)
	}
	return code.Space, nil
}

// knockEverywhere looks for somebody who admits us, and returns the best of the
// answers: of two members, one may know more than the other.
func (n *Node) knockEverywhere(ctx context.Context, code space.Code, knockAt func(context.Context, *online, peer.AddrInfo) error) error {
	o := n.current()
	if o == nil {
		return ErrOffline
	}
	best := ErrUnreachable
	doors := doorsOf(code)
	newSearch(o, func(ctx context.Context, info peer.AddrInfo) error {
		return knockAt(ctx, o, info)
	}).run(ctx, doors, func(a answer) verdict {
		if a.err == nil || weight(a.err) > weight(best) {
			best = a.err
		}
		switch {
		case a.err == nil:
			return found
		case weight(a.err) > 0:
			return answered
		}
		return goOn
	})
	return best
}

// weight says how much an answer is worth among others. Nought is none.
func weight(err error) int {
	switch {
	case errors.Is(err, ErrNotNow):
		return 1
	case errors.Is(err, space.ErrExpired), errors.Is(err, space.ErrUsedUp), errors.Is(err, space.ErrWithdrawn),
		errors.Is(err, space.ErrRemoved), errors.Is(err, space.ErrRevoked):
		return 2
	case errors.Is(err, ErrWaiting):
		return 3 // whoever says otherwise has not heard of the application
	case errors.Is(err, ErrDeclined):
		return 4
	}
	return 0
}

// knockAt asks one device, and stores the space's log if it lets us in.
func (o *online) knockAt(ctx context.Context, info peer.AddrInfo, code space.Code, application []byte) error {
	return o.visit(ctx, info, admitProtocol, func(c *conversation, admitter space.DeviceID) error {
		entries, err := o.apply(c, admitter, code, application)
		if err != nil {
			return err
		}
		return o.node.storeJoined(ctx, code.Space, entries, nil)
	})
}

// apply is the newcomer's part of admit. It returns the log as it was sent.
func (o *online) apply(c *conversation, admitter space.DeviceID, code space.Code, application []byte) ([][]byte, error) {
	l := invitationLock(code.Space, code.Invitation())
	if err := o.knock(c, admitter, l, space.KeyFromSeed(code.Secret)); err != nil {
		return nil, err
	}
	if err := c.say(&apply{Application: application}); err != nil {
		return nil, err
	}
	return hearLog(c)
}

// storeJoined checks what an admitter sent, by a check of the caller's too if
// there is one, and makes it durable.
func (n *Node) storeJoined(ctx context.Context, id space.ID, entries [][]byte, check func(*space.Log) error) error {
	log, err := space.Open(entries)
	if err != nil {
		return fmt.Errorf("%w: the other computer sent an unreadable membership log: %w", ErrNotNow, err)
	}
	if _, ok := log.Member(n.device); log.ID() != id || !ok {
		return fmt.Errorf("the other computer sent a membership log without us: %w", ErrNotNow)
	}
	if check != nil {
		if err := check(log); err != nil {
			return err
		}
	}
	if _, err := n.store.KeepSpace(ctx, log); err != nil {
		return fmt.Errorf("store space: %w", err)
	}
	return nil
}

// dialTo is used where the user names an address.
func (o *online) dialTo(ctx context.Context, info peer.AddrInfo) error {
	defer o.ways.ask(info.ID)()
	ctx = network.WithForceDirectDial(ctx, "asked for")
	if err := o.host.Connect(ctx, info); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return nil
}
