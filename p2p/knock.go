package p2p

import (
	"context"
	"crypto/hmac"
	"fmt"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"parley/space"
)

// Admit and seat begin alike: the newcomer proves that it holds a key, and only
// then the other side proves that it knows the key. Until both have, each learns
// nothing of the other (docs/protocol.md, "Admit").

// hearKnock is the answerer's part up to the knock.
func (o *online) hearKnock(c *conversation, newcomer space.DeviceID) (script transcript, k knock, err error) {
	var theirs nonce
	if _, err := c.hear(admitFrame, &theirs); err != nil {
		return script, k, err
	}
	mine := nonce{Nonce: newNonce()}
	script = transcript{
		openerNonce: theirs.Nonce, answererNonce: mine.Nonce,
		opener: newcomer, answerer: o.node.device,
	}
	if err := c.say(&mine); err != nil {
		return script, k, err
	}
	_, err = c.hear(admitFrame, &k)
	return script, k, err
}

// knock is the newcomer's part, up to where the other side has opened.
func (o *online) knock(c *conversation, answerer space.DeviceID, l lock, private space.Key) error {
	mine := nonce{Nonce: newNonce()}
	if err := c.say(&mine); err != nil {
		return err
	}
	var theirs nonce
	if _, err := c.hear(admitFrame, &theirs); err != nil {
		return err
	}
	script := transcript{
		openerNonce: mine.Nonce, answererNonce: theirs.Nonce,
		opener: o.node.device, answerer: answerer,
	}
	if err := c.say(script.knock(l, private)); err != nil {
		return err
	}
	var door openDoor
	if _, err := c.hear(admitFrame, &door); err != nil {
		return err // a stranger, or nobody home who knows the key
	}
	if expected := script.lockTag(l, sideAnswerer); !hmac.Equal(expected[:], door.Tag[:]) {
		return fmt.Errorf("%w: a door that is not the one knocked at", errNonsense)
	}
	return nil
}

// visit opens a stream of a protocol to a device, dialling it if need be, and
// runs a conversation there.
func (o *online) visit(ctx context.Context, info peer.AddrInfo, id protocol.ID, talk func(*conversation, space.DeviceID) error) error {
	device, ok := deviceOf(info.ID)
	if !ok {
		return fmt.Errorf("reach %s: %w", info.ID, errOutsider)
	}
	if err := o.host.Connect(ctx, info); err != nil {
		return fmt.Errorf("reach %s: %w: %w", device, ErrUnreachable, err)
	}
	stream, err := o.host.NewStream(network.WithNoDial(ctx, string(id)), info.ID, id)
	if err != nil {
		return fmt.Errorf("knock at %s: %w", device, err)
	}
	c := converse(stream, admitPatience)
	unhook := context.AfterFunc(ctx, c.abort)
	defer unhook()
	if err := talk(c, device); err != nil {
		c.abort()
		o.judge(info.ID, string(id), err)
		return fmt.Errorf("knock at %s: %w", device, err)
	}
	return c.close()
}

// sayLog answers with a whole membership log.
func sayLog(c *conversation, log *space.Log) error {
	listed := pages(log.Entries(), maxPageBytes)
	for i, page := range listed {
		if err := c.say(&admitted{Entries: page, Last: i == len(listed)-1}); err != nil {
			return err
		}
	}
	return nil
}

// hearLog is the answer to an application: a membership log, or why not.
func hearLog(c *conversation) (entries [][]byte, err error) {
	for {
		var page admitted
		var no refused
		heard, err := c.hear(logFrame, &page, &no)
		if err != nil {
			return nil, noEOF(err)
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
