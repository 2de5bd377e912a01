package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	envelopes "github.com/libp2p/go-libp2p/core/record"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

const (
	cardsProtocol protocol.ID = "/parley/cards/1"

	cardsPatience = 10 * time.Second
	cardsFrame    = 64 << 10
	maxCard       = 2 << 10 // bytes
	cardsAtOnce   = 24      // in one frame
	cardsSettle   = time.Second
	cardsAgain    = time.Minute // before somebody is told of a device once more, or anew where that failed
	tellingAtOnce = 16
)

// A card says where a device is reached from the internet, signed by itself, so
// that others can pass it on: a libp2p peer record.
type card struct {
	sequence  uint64
	raw       []byte
	addresses []multiaddr.Multiaddr
}

// The cards are what fellow members are told of where others are: those who were in
// a space before its keeper find it in this way. Kept are the cards of fellow
// members, the newest of each, for as long as the network is on; addresses go
// into the address book, which lasts.
type cards struct {
	online *online
	wake   chan struct{} // holds at most one: there may be something to tell

	mu    sync.Mutex
	known map[space.DeviceID]card
	told  map[peer.ID]map[space.DeviceID]toldCard // of those connected
}

// A toldCard is what a peer was told of a device last, or told us.
type toldCard struct {
	sequence uint64
	at       time.Time
}

func newCards(o *online) *cards {
	return &cards{
		online: o, wake: make(chan struct{}, 1),
		known: make(map[space.DeviceID]card), told: make(map[peer.ID]map[space.DeviceID]toldCard),
	}
}

// again has everybody told soon what they have not been told.
func (c *cards) again() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// forget ends what is known of a peer that has gone.
func (c *cards) forget(p peer.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.told, p)
}

// run tells until the network is switched off.
func (c *cards) run() {
	timer := time.NewTimer(jittered(cardsAgain))
	defer timer.Stop()
	for {
		select {
		case <-c.online.ctx.Done():
			return
		case <-c.wake:
			if !pause(c.online.ctx, cardsSettle) { // more may come at once
				return
			}
		case <-timer.C:
		}
		if err := c.write(); err != nil {
			c.online.log.Warn("Members cannot be told where this device is reached", "error", err)
		}
		c.tellAll()
		timer.Reset(jittered(cardsAgain))
	}
}

// write makes a new card of this device's own, if it is reached elsewhere now.
func (c *cards) write() error {
	o := c.online
	addresses := o.internetAddresses()
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.known[o.node.device]
	if slices.EqualFunc(addresses, old.addresses, multiaddr.Multiaddr.Equal) {
		return nil
	}
	next := card{addresses: addresses, sequence: max(old.sequence+1, uint64(o.node.now().UnixNano()))}
	key, err := hostKey(o.node.key)
	if err != nil {
		return err
	}
	envelope, err := envelopes.Seal(&peer.PeerRecord{PeerID: o.host.ID(), Addrs: addresses, Seq: next.sequence}, key)
	if err == nil {
		next.raw, err = envelope.Marshal()
	}
	if err != nil {
		return fmt.Errorf("sign a card: %w", err)
	}
	c.known[o.node.device] = next
	return nil
}

// internetAddresses are where this device may be reached from the internet,
// without those that were found not to work; the same ones in the same order.
func (o *online) internetAddresses() (list []multiaddr.Multiaddr) {
	for _, a := range o.host.Addrs() {
		if isCardAddress(a) && !o.outside.failed(a) {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b multiaddr.Multiaddr) int {
		if by := reach(a) - reach(b); by != 0 {
			return by
		}
		return a.Compare(b)
	})
	return list[:min(len(list), maxRemembered)]
}

// isCardAddress reports whether an address may stand in a card: none of a local
// network, and none for which a name would have to be looked up.
func isCardAddress(a multiaddr.Multiaddr) bool {
	_, numeric := ipOf(a)
	return numeric && isInternet(a)
}

// readCard reads and verifies one. It fails with errNonsense.
func readCard(raw []byte) (space.DeviceID, card, error) {
	var content peer.PeerRecord
	envelope, err := envelopes.ConsumeTypedEnvelope(raw, &content)
	if err != nil {
		return space.DeviceID{}, card{}, fmt.Errorf("%w: a card: %w", errNonsense, err)
	}
	device, ok := deviceOf(content.PeerID)
	if !ok || !content.PeerID.MatchesPublicKey(envelope.PublicKey) {
		return space.DeviceID{}, card{}, fmt.Errorf("%w: a card that another has signed", errNonsense)
	}
	if len(content.Addrs) > maxRemembered || slices.ContainsFunc(content.Addrs, func(a multiaddr.Multiaddr) bool { return !isCardAddress(a) }) {
		return space.DeviceID{}, card{}, fmt.Errorf("%w: a card with other addresses than those of the internet's", errNonsense)
	}
	return device, card{sequence: content.Seq, raw: raw, addresses: content.Addrs}, nil
}

// tellAll tells every peer what it has not been told, and waits for that.
func (c *cards) tellAll() {
	o := c.online
	o.mu.Lock()
	shared := make(map[peer.ID][]space.ID, len(o.peers))
	for p, known := range o.peers {
		for id := range known.shared {
			shared[p] = append(shared[p], id)
		}
	}
	o.mu.Unlock()
	turns := make(chan struct{}, tellingAtOnce)
	var telling sync.WaitGroup
	for p, ids := range shared {
		if speaks, err := o.host.Peerstore().SupportsProtocols(p, cardsProtocol); err != nil || len(speaks) == 0 {
			continue
		}
		turns <- struct{}{}
		telling.Go(func() {
			defer func() { <-turns }()
			if err := c.tell(p, ids); err != nil && o.ctx.Err() == nil {
				o.log.Debug("A member could not be told where others are", "peer", p, "error", err)
			}
		})
	}
	telling.Wait()
}

// tell tells a peer of the members of the spaces that are shared with it.
func (c *cards) tell(p peer.ID, shared []space.ID) error {
	for {
		batch := c.untold(p, shared)
		if len(batch.Cards) == 0 {
			return nil
		}
		ctx, cancel := context.WithTimeout(network.WithNoDial(c.online.ctx, "cards"), cardsPatience)
		stream, err := c.online.host.NewStream(ctx, p, cardsProtocol)
		cancel()
		if err != nil {
			return fmt.Errorf("tell where others are: %w", err)
		}
		talk := converse(stream, cardsPatience)
		if err := talk.say(&batch.tellCards); err != nil {
			talk.abort()
			return err
		}
		if _, err := talk.hear(cardsFrame, &heardCards{}); err != nil {
			talk.abort()
			return err
		}
		if err := talk.close(); err != nil {
			return err
		}
		for device, sequence := range batch.sequences {
			c.tells(p, device, sequence)
		}
	}
}

// A cardBatch is what goes in one frame.
type cardBatch struct {
	tellCards
	sequences map[space.DeviceID]uint64
}

// untold are the cards that a peer has not been told, of members of spaces that
// both are in and that leave the local network.
func (c *cards) untold(p peer.ID, shared []space.ID) cardBatch {
	node, batch := c.online.node, cardBatch{sequences: make(map[space.DeviceID]uint64)}
	to, _ := deviceOf(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	for device, one := range c.known {
		last := c.told[p][device]
		if device == to || last.sequence >= one.sequence || time.Since(last.at) < cardsAgain || !node.fellows(shared, to, device) {
			continue
		}
		batch.Cards = append(batch.Cards, one.raw)
		batch.sequences[device] = one.sequence
		if len(batch.Cards) == cardsAtOnce {
			break
		}
	}
	return batch
}

// tells takes note that a peer has a card.
func (c *cards) tells(p peer.ID, device space.DeviceID, sequence uint64) {
	if c.online.host.Network().Connectedness(p) != network.Connected {
		return // forget may have been called already
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := c.told[p][device]; last.sequence < sequence {
		inner(c.told, p)[device] = toldCard{sequence, time.Now()}
	}
}

// fellows reports whether we and some devices are members of one of some spaces
// that leaves the local network.
func (n *Node) fellows(ids []space.ID, devices ...space.DeviceID) bool {
	return slices.ContainsFunc(ids, func(id space.ID) bool {
		return !n.staysLocal(id) && n.belongs(id) &&
			!slices.ContainsFunc(devices, func(device space.DeviceID) bool { return !n.member(id, device) })
	})
}

// answer hears what a fellow member tells.
func (c *cards) answer(_ context.Context, stream network.Stream) error {
	p, node := stream.Conn().RemotePeer(), c.online.node
	from, _ := deviceOf(p)
	if !node.fellows(node.store.Spaces(), from) {
		return errOutsider
	}
	talk := converse(stream, cardsPatience)
	var told tellCards
	if _, err := talk.hear(cardsFrame, &told); err != nil {
		return fmt.Errorf("hear where others are: %w", err)
	}
	if err := c.take(p, from, told.Cards); err != nil {
		return err
	}
	if err := talk.say(&heardCards{}); err != nil {
		return err
	}
	return talk.close()
}

// take keeps what is new, of those who are members of a space that the teller is
// in, too.
func (c *cards) take(p peer.ID, from space.DeviceID, raws [][]byte) error {
	node, news := c.online.node, false
	for _, raw := range raws {
		device, one, err := readCard(raw)
		if err != nil {
			return err
		}
		c.tells(p, device, one.sequence)
		if device == node.device || !node.fellows(node.store.Spaces(), from, device) {
			continue
		}
		c.mu.Lock()
		fresh := c.known[device].sequence < one.sequence
		if fresh {
			c.known[device] = one
		}
		c.mu.Unlock()
		if !fresh {
			continue
		}
		news = true
		if c.online.reachedAs(peerOf(device), ViaDirect) {
			continue // which says more of where it is
		}
		if err := node.book.hear(device, one.addresses); err != nil {
			c.online.log.Warn("Addresses could not be kept", "error", err)
		}
	}
	if news {
		c.again()
	}
	return nil
}

// keepOnly forgets devices with whom we share nothing any more.
func (c *cards) keepOnly(members []space.DeviceID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for device := range c.known {
		if !slices.Contains(members, device) {
			delete(c.known, device)
		}
	}
}

type tellCards struct {
	Cards [][]byte `cbor:"1,keyasint"`
}

func (*tellCards) kind() byte { return 1 }
func (m *tellCards) check() error {
	if len(m.Cards) == 0 || len(m.Cards) > cardsAtOnce {
		return errors.New("too few or too many cards")
	}
	for _, raw := range m.Cards {
		if len(raw) == 0 || len(raw) > maxCard {
			return errLength
		}
	}
	return nil
}

type heardCards struct{}

func (*heardCards) kind() byte   { return 2 }
func (*heardCards) check() error { return nil }
