package p2p

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
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
// It fails with space.ErrAlreadyMember, space.ErrExpired, space.ErrUsedUp,
// space.ErrWithdrawn, ErrUnreachable, ErrNotNow, ErrOffline or an error of the
// store. It may be repeated.
func (n *Node) Join(ctx context.Context, code space.Code, person space.Person) (space.ID, error) {
	if n.member(code.Space, n.device) {
		return space.ID{}, fmt.Errorf("join: %w", space.ErrAlreadyMember)
	}
	if code.Expired(n.now()) {
		return space.ID{}, fmt.Errorf("join: %w", space.ErrExpired)
	}
	o := n.current()
	if o == nil {
		return space.ID{}, fmt.Errorf("join: %w", ErrOffline)
	}
	application, err := space.Apply(n.key, code, person)
	if err != nil {
		return space.ID{}, fmt.Errorf("join: %w", err)
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, joinTime)
		defer cancel()
	}
	entries, err := newSearch(o, code, application).run(ctx)
	if err != nil {
		return space.ID{}, fmt.Errorf("join: %w", err)
	}
	if err := n.storeJoined(ctx, code.Space, entries); err != nil {
		return space.ID{}, fmt.Errorf("join: %w", err)
	}
	return code.Space, nil
}

// knockAt asks one device, and returns the space's log as it sent it.
func (o *online) knockAt(ctx context.Context, info peer.AddrInfo, code space.Code, application []byte) ([][]byte, error) {
	if err := o.host.Connect(ctx, info); err != nil {
		return nil, fmt.Errorf("reach %s: %w: %w", info.ID, ErrUnreachable, err)
	}
	stream, err := o.host.NewStream(ctx, info.ID, admitProtocol)
	if err != nil {
		return nil, fmt.Errorf("knock at %s: %w", info.ID, err)
	}
	c := converse(stream, admitPatience)
	unhook := context.AfterFunc(ctx, c.abort)
	defer unhook()
	entries, err := o.knock(c, info.ID, code, application)
	if err != nil {
		c.abort()
		if errors.Is(err, errNonsense) {
			o.refuse(info.ID, err)
		}
		return nil, fmt.Errorf("knock at %s: %w", info.ID, err)
	}
	return entries, c.close()
}

func (o *online) knock(c *conversation, p peer.ID, code space.Code, application []byte) ([][]byte, error) {
	admitter, ok := deviceOf(p)
	if !ok {
		return nil, errOutsider
	}
	mine := nonce{Nonce: newNonce()}
	if err := c.say(&mine); err != nil {
		return nil, err
	}
	var theirs nonce
	if _, err := c.hear(admitFrame, &theirs); err != nil {
		return nil, err
	}
	script := transcript{
		openerNonce: mine.Nonce, answererNonce: theirs.Nonce,
		opener: o.node.device, answerer: admitter,
	}
	invitation := code.Invitation()
	k := knock{
		Tag:       script.admitTag(code.Space, invitation, sideOpener),
		Signature: [64]byte(space.KeyFromSeed(code.Secret).Sign(script.knockMessage())),
	}
	if err := c.say(&k); err != nil {
		return nil, err
	}
	var door openDoor
	if _, err := c.hear(admitFrame, &door); err != nil {
		return nil, err // a stranger, or nobody home who knows the invitation
	}
	if expected := script.admitTag(code.Space, invitation, sideAnswerer); !hmac.Equal(expected[:], door.Tag[:]) {
		return nil, fmt.Errorf("%w: a door that is not the space's", errNonsense)
	}
	if err := c.say(&apply{Application: application}); err != nil {
		return nil, err
	}
	var entries [][]byte
	for {
		var page admitted
		var no refused
		heard, err := c.hear(logFrame, &page, &no)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if heard == &no {
			return nil, errorFor(no.Reason)
		}
		entries = append(entries, page.Entries...)
		if len(entries) > space.MaxEntries {
			return nil, fmt.Errorf("%w: a log of more than %d entries", errNonsense, space.MaxEntries)
		}
		if page.Last {
			return entries, nil
		}
	}
}

// storeJoined checks what an admitter sent and makes it durable.
func (n *Node) storeJoined(ctx context.Context, id space.ID, entries [][]byte) error {
	log, err := space.Open(entries)
	if err != nil {
		return fmt.Errorf("the other computer sent an unreadable membership log: %w", err)
	}
	if _, ok := log.Member(n.device); log.ID() != id || !ok {
		return fmt.Errorf("the other computer sent a membership log without us: %w", ErrNotNow)
	}
	if _, err := n.store.CreateSpace(ctx, log.Entries()...); err != nil {
		return fmt.Errorf("store space: %w", err)
	}
	return nil
}

// dialTo is used where the user names an address.
func (o *online) dialTo(ctx context.Context, info peer.AddrInfo) error {
	ctx = network.WithForceDirectDial(ctx, "asked for")
	if err := o.host.Connect(ctx, info); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return nil
}
