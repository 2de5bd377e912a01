package p2p

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"parley/space"
)

// sharing is the tag under which the connection manager protects members.
const sharing = "shares a space"

// An acquaintance is what we know of a connected peer.
type acquaintance struct {
	sees     multiaddr.Multiaddr // where it says that it sees us; nil: it has not
	since    time.Time
	shared   map[space.ID]bool
	member   map[space.ID]bool // what our log said of it when it was last considered
	greeting bool
	again    bool                    // greet once more when done
	turns    [subjects]chan struct{} // each holds one token for each conversation under way that we opened
}

func (o *online) watchPeers(events event.Subscription) {
	defer events.Close()
	for {
		select {
		case <-o.ctx.Done():
			return
		case e, ok := <-events.Out():
			if !ok {
				return
			}
			switch e := e.(type) {
			case event.EvtPeerIdentificationCompleted:
				o.met(e)
			case event.EvtPeerConnectednessChanged:
				if e.Connectedness != network.Connected {
					o.lost(e.Peer)
				}
			case event.EvtPeerProtocolsUpdated:
				o.reservations.tendHelpers()
			case event.EvtLocalAddressesUpdated:
				o.detours.again()
				o.node.book.again()
				o.cards.again()
				o.relay.tend()
			}
		}
	}
}

// met begins an acquaintance. Whoever dialled says hello.
func (o *online) met(e event.EvtPeerIdentificationCompleted) {
	if !slices.Contains(e.Protocols, helloProtocol) {
		return
	}
	o.settle(e.Peer)
	if device, ok := deviceOf(e.Peer); ok && o.reachedAs(e.Peer, ViaDirect) {
		o.detours.forget(device)
	}
	o.acquaint(e.Peer)
	o.node.petitions.met(e.Peer)
	o.outside.saw(e.Peer, e.ObservedAddr)
	o.punchLater(e.Conn)
	if e.Conn.Stat().Direction == network.DirOutbound {
		o.meet(e.Peer)
	}
	o.node.peersChanged()
}

// acquaint begins an acquaintance with a connected peer, if there is none.
func (o *online) acquaint(p peer.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.peers[p] == nil && o.host.Network().Connectedness(p) == network.Connected {
		o.peers[p] = &acquaintance{
			since: time.Now(), shared: make(map[space.ID]bool), member: make(map[space.ID]bool),
			turns: [subjects]chan struct{}{
				aboutDocuments: make(chan struct{}, pullsAtOnce),
				aboutBlobs:     make(chan struct{}, blobsAtOnce),
			},
		}
	}
}

// lost ends an acquaintance.
func (o *online) lost(p peer.ID) {
	// A connection may have come up again while this event was on its way.
	if o.host.Network().Connectedness(p) == network.Connected {
		return
	}
	o.mu.Lock()
	known := o.peers[p]
	delete(o.peers, p)
	var rooms []*room
	if known != nil {
		for id := range known.shared {
			rooms = append(rooms, o.rooms[id])
		}
	}
	o.mu.Unlock()
	o.reservations.end(p)
	o.outside.tell(p)
	o.cards.forget(p)
	for _, r := range rooms {
		if r != nil {
			r.showOut(p)
		}
	}
	o.node.peersChanged()
}

// meet says hello in the background, once at a time for each peer.
func (o *online) meet(p peer.ID) {
	o.mu.Lock()
	known := o.peers[p]
	if known == nil || known.greeting {
		if known != nil {
			known.again = true
		}
		o.mu.Unlock()
		return
	}
	known.greeting = true
	o.mu.Unlock()
	o.do(func() {
		for {
			err := o.greetPatiently(p)
			if err != nil {
				o.judge(p, "hello", err)
			}
			o.mu.Lock()
			again := known.again && o.peers[p] == known && !errors.Is(err, errNonsense)
			known.again = false
			known.greeting = again
			o.mu.Unlock()
			if !again {
				return
			}
		}
	})
}

// greetPatiently tries a few times, as a peer may be busy with us already.
func (o *online) greetPatiently(p peer.ID) error {
	for attempt := 0; ; attempt++ {
		err := o.greet(o.ctx, p)
		if err == nil {
			return nil
		}
		if errors.Is(err, errNonsense) || attempt == 3 || o.host.Network().Connectedness(p) != network.Connected {
			return err
		}
		if !pause(o.ctx, time.Duration(attempt+1)*time.Second) {
			return err
		}
	}
}

// share takes note of spaces that a hello found to be shared, and brings both
// sides up to date in them.
func (o *online) share(p peer.ID, ids []space.ID) {
	device, ok := deviceOf(p)
	if !ok {
		return
	}
	o.acquaint(p) // it may have spoken before we were told who it is
	for _, id := range ids {
		o.mu.Lock()
		known, r := o.peers[p], o.rooms[id]
		fresh := known != nil && r != nil && !known.shared[id] && o.node.belongs(id) && o.node.member(id, device) && o.within(id, p)
		if fresh {
			known.shared[id] = true
			r.host.enter(p) // whoever finds it shared finds the door open
		}
		o.mu.Unlock()
		if !fresh {
			continue
		}
		o.log.Debug("A space is shared", "space", id, "device", device)
		o.host.ConnManager().Protect(p, sharing)
		o.node.standing.joined(id, device)
		r.host.arrive(p)
		r.pull(pullRequest{from: p})
		r.fetcher.joined()
		r.readmitStranded()
		o.mu.Lock()
		gone := o.peers[p] != known
		o.mu.Unlock()
		if gone { // it was lost meanwhile, and lost found nobody to show out
			r.showOut(p)
		}
	}
	if len(ids) > 0 {
		o.reservations.tendTo(p)
		o.outside.met(p)
		o.rememberAddresses(p)
		o.cards.again()
		o.node.peersChanged()
	}
}

// unshare takes note that a space is not shared any more, and reports whether
// it was. The caller holds mu.
func (o *online) unshare(p peer.ID, known *acquaintance, id space.ID) bool {
	if !known.shared[id] {
		return false
	}
	delete(known.shared, id)
	if len(known.shared) == 0 {
		o.host.ConnManager().Unprotect(p, sharing)
	}
	return true
}

// reconsider follows a change of a space's membership: it opens the room of a
// new space and closes that of one we do not belong to any more, lets removed
// members go, and meets new ones. Whoever goes is met once more, since one side
// may not know why.
func (o *online) reconsider(id space.ID) {
	o.relay.tend()
	o.reservations.tend()
	o.wide.again()
	defer o.settleAll()
	if !o.node.belongs(id) {
		for _, p := range o.leaveRoom(id) {
			o.meet(p)
		}
		return
	}
	if err := o.enterRoom(id); err != nil {
		o.log.Error("A space cannot be gossiped about", "space", id, "error", err)
		return
	}
	o.cutRemoved(id)
	var toMeet, toLeave []peer.ID
	o.mu.Lock()
	r := o.rooms[id]
	if r == nil { // closing
		o.mu.Unlock()
		return
	}
	for p, known := range o.peers {
		device, _ := deviceOf(p)
		was, considered := known.member[id]
		member := o.node.member(id, device)
		known.member[id] = member
		within := o.within(id, p)
		switch {
		case member && within && !known.shared[id]:
			toMeet = append(toMeet, p)
		case (!member || !within) && o.unshare(p, known, id):
			toLeave = append(toLeave, p)
		case !member && (was || !considered && o.node.wasMember(id, device)):
			// It went before it was found that the space was shared.
			toMeet = append(toMeet, p)
		}
	}
	o.mu.Unlock()
	for _, p := range toLeave {
		r.showOut(p)
		o.relay.cut(p)
	}
	if log, ok := o.node.store.Log(id); ok {
		for _, device := range o.node.answered(log) {
			toMeet = append(toMeet, peerOf(device)) // meeting who is not here is nothing
		}
	}
	r.readmitStranded()
	for _, p := range slices.Concat(toLeave, toMeet) {
		o.meet(p)
	}
	if len(toLeave) > 0 {
		o.node.peersChanged()
	}
}

// cutRemoved ends the circuits of connected peers that are members of a space no
// more, whatever was shared with them: one that never says hello uses a keeper
// all the same. Who may have circuits for another space loses them once only.
func (o *online) cutRemoved(id space.ID) {
	for _, p := range o.host.Network().Peers() {
		device, ok := deviceOf(p)
		if !ok || o.node.member(id, device) || !o.node.wasMember(id, device) {
			continue
		}
		o.mu.Lock()
		known, cutBefore := o.peers[p], false
		if known != nil {
			was, considered := known.member[id]
			cutBefore = considered && !was
		}
		o.mu.Unlock()
		if !cutBefore || !o.node.fellows(o.node.store.Spaces(), device) {
			o.relay.cut(p)
		}
	}
}

// settleAll ends what goes through others and may not any more.
func (o *online) settleAll() {
	for _, p := range o.host.Network().Peers() {
		o.settle(p)
	}
}

// sharers are the connected peers with whom a space is shared.
func (o *online) sharers(id space.ID) (peers []peer.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for p, known := range o.peers {
		if known.shared[id] {
			peers = append(peers, p)
		}
	}
	return peers
}

// A subject is what we ask peers for in long conversations.
type subject int

const (
	aboutDocuments subject = iota
	aboutBlobs
	subjects
)

// takeTurn waits until fewer conversations about a subject than may be are under
// way with a peer, and returns what ends the turn. The rooms of all spaces share
// that number.
func (o *online) takeTurn(ctx context.Context, p peer.ID, about subject) (done func(), err error) {
	o.mu.Lock()
	known := o.peers[p]
	o.mu.Unlock()
	if known == nil {
		return nil, errOutsider
	}
	select {
	case known.turns[about] <- struct{}{}:
		return func() { <-known.turns[about] }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// nearer is the first of two peers if we share the space with it, else the
// second.
func (o *online) nearer(id space.ID, first, second peer.ID) peer.ID {
	if o.sharesWith(id, first) {
		return first
	}
	return second
}

func (o *online) sharesWith(id space.ID, p peer.ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	known := o.peers[p]
	return known != nil && known.shared[id]
}
