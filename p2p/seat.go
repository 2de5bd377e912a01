package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"parley/space"
)

// seatProtocol lets a further device of a person into the spaces where that
// person sits, by a key that names none of them: from a link code, or from the
// words of a recovery sheet (docs/protocol.md, "Seat").
const seatProtocol protocol.ID = "/parley/seat/1"

// seatsPage is how many spaces are named at once, well within admitFrame.
const seatsPage = 64

// answerSeat is the stream handler of who knows the key. What it hands over are
// the names of the spaces that the key opens, and their logs: no key of this
// device, no settings, no space in which the person of the key does not sit.
func (o *online) answerSeat(ctx context.Context, stream network.Stream) error {
	newcomer, _ := deviceOf(stream.Conn().RemotePeer())
	c := converse(stream, admitPatience)
	script, k, err := o.hearKnock(c, newcomer)
	if err != nil {
		return fmt.Errorf("link: %w", err)
	}
	mayName := o.mayName(stream.Conn())
	key, ok := o.node.seatKnockedAt(script, k, mayName)
	if !ok {
		return fmt.Errorf("link %s: %w", newcomer, space.ErrUnknownInvitation)
	}
	if err := c.say(&openDoor{Tag: script.lockTag(seatLock(key), sideAnswerer)}); err != nil {
		return fmt.Errorf("link: %w", err)
	}
	logs, reason := o.node.seatsOf(key, newcomer, mayName)
	if len(logs) == 0 {
		if err := c.say(&refused{Reason: reasonFor(reason)}); err != nil {
			return fmt.Errorf("link: %w", err)
		}
		return c.close()
	}
	if err := saySeats(c, logs); err != nil {
		return fmt.Errorf("link: %w", err)
	}
	for range logs {
		var a apply
		if _, err := c.hear(admitFrame, &a); errors.Is(err, io.EOF) {
			break // it has heard of the others elsewhere
		} else if err != nil {
			return fmt.Errorf("link: %w", err)
		}
		application, err := space.ParseApplication(a.Application)
		if err != nil {
			return fmt.Errorf("link: %w: %w", errNonsense, err)
		}
		at := slices.IndexFunc(logs, func(log *space.Log) bool { return log.ID() == application.Space })
		if at < 0 {
			return fmt.Errorf("link: %w: an application to a space that was not named", errNonsense)
		}
		if err := o.answerApplication(ctx, c, logs[at], newcomer, key, a.Application); err != nil {
			return fmt.Errorf("link: %w", err)
		}
	}
	return c.close()
}

func saySeats(c *conversation, logs []*space.Log) error {
	all := make([]seat, 0, len(logs))
	for _, log := range logs {
		all = append(all, seat{Space: log.ID(), Name: log.Name()})
	}
	for len(all) > seatsPage {
		if err := c.say(&seats{Seats: all[:seatsPage]}); err != nil {
			return err
		}
		all = all[seatsPage:]
	}
	return c.say(&seats{Seats: all, Last: true})
}

// seatKnockedAt finds the key into somebody's seats that a knock is made with, in
// a space that may be named.
func (n *Node) seatKnockedAt(script transcript, k knock, mayName func(space.ID) bool) (space.InvitationKey, bool) {
	tried := make(map[space.InvitationKey]bool)
	for _, id := range n.store.Spaces() {
		log, ok := n.store.Log(id)
		if !ok || !n.belongs(id) || !mayName(id) {
			continue
		}
		for _, known := range seatKeys(log) {
			if !tried[known.Key] && script.fits(seatLock(known.Key), &k) {
				return known.Key, true
			}
			tried[known.Key] = true
		}
	}
	return space.InvitationKey{}, false
}

// seatsOf are the spaces into which a key lets a device, or has let it already;
// if there are none, why not.
func (n *Node) seatsOf(key space.InvitationKey, newcomer space.DeviceID, mayName func(space.ID) bool) (logs []*space.Log, reason error) {
	reason = ErrNotNow
	for _, id := range n.store.Spaces() {
		log, ok := n.store.Log(id)
		if !ok || !n.belongs(id) || !mayName(id) {
			continue
		}
		known, ok := log.SeatKey(key)
		if !ok {
			continue
		}
		switch m, in := log.Member(newcomer); {
		case in && m.Seat == known.Seat:
			logs = append(logs, log) // it lost the answer
		case in:
			// It sits elsewhere already, and stays there.
		case known.Used >= known.Uses:
			reason = space.ErrUsedUp
		case !known.Expiry.IsZero() && n.now().After(known.Expiry):
			reason = space.ErrExpired
		default:
			logs = append(logs, log)
		}
	}
	return logs, reason
}

func seatKeys(log *space.Log) []space.SeatKey {
	return slices.Concat(log.SeatKeys(space.Link), log.SeatKeys(space.Recovery))
}
