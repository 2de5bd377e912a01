package p2p

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

const (
	// gossipContent leaves room for signatures and wrapping in a message.
	gossipContent = maxGossip - 16<<10
	// maxBurst is how many messages one batch of local changes may become;
	// what is left is for others to pull.
	maxBurst = 64
	// maxRetold is how many new entries may be there for those of others to be
	// gossiped.
	maxRetold = 64
	// maxHeard bounds what is remembered to have come by gossip.
	maxHeard = 4096
)

// follow keeps a position on the store's moves and tells the rooms what they
// mean, as long as the node lives.
func (n *Node) follow(position uint64) {
	for {
		moves, next, err := n.store.Wait(n.ctx, position)
		switch {
		case errors.Is(err, crdt.ErrLagged):
			n.lagged()
		case err != nil:
			return // closing
		default:
			n.spread(moves)
		}
		position = next
	}
}

// lagged is for when moves were missed: everything may have changed.
func (n *Node) lagged() {
	o := n.current()
	if o == nil {
		return
	}
	for _, id := range n.store.Spaces() {
		o.reconsider(id)
		if r := o.room(id); r != nil {
			r.tellEntries()
			for _, ref := range n.store.Refs(id) {
				r.teller.moved(ref)
			}
			r.fetcher.moved()
		}
	}
}

// spread lets go whoever is no member any more, before anything else is said;
// then it gossips local changes, since somebody waits for them, and sees to
// everything else.
func (n *Node) spread(moves []crdt.Move) {
	o := n.current()
	if o == nil {
		return
	}
	changed := make(map[space.ID]bool)
	for _, m := range moves {
		if id := m.Ref.Space; m.Membership() && !changed[id] {
			changed[id] = true
			o.reconsider(id)
		}
	}
	var order []crdt.Ref
	fresh := make(map[crdt.Ref]crdt.Vector) // what our own moves come after
	for _, m := range moves {
		if m.Membership() || m.Origin == crdt.Peer || m.Actor == "" {
			continue
		}
		before := fresh[m.Ref]
		if before == nil {
			before = make(crdt.Vector)
			fresh[m.Ref] = before
			order = append(order, m.Ref)
		}
		if seq, ok := before[m.Actor]; !ok || m.Seq-1 < seq {
			before[m.Actor] = m.Seq - 1
		}
	}
	for _, ref := range order {
		if r := o.room(ref.Space); r != nil {
			r.tellChanges(ref, fresh[ref])
		}
	}
	for _, m := range moves {
		if r := o.room(m.Ref.Space); r != nil && !m.Membership() {
			r.teller.moved(m.Ref)
			r.fetcher.moved()
		}
	}
	for id := range changed {
		if r := o.room(id); r != nil {
			r.puller.reconsider()
			r.tellEntries()
		}
	}
}

// tellChanges gossips the changes of a part above a vector, which names only
// the actors that are meant. What does not fit, others will pull.
func (r *room) tellChanges(ref crdt.Ref, above crdt.Vector) {
	after, err := r.node.store.Vector(ref)
	if err != nil {
		r.log.Error("Changes could not be read to gossip them", "part", ref, "error", err)
		return
	}
	for actor, seq := range above {
		if seq == 0 {
			delete(after, actor)
		} else {
			after[actor] = seq
		}
	}
	for range maxBurst {
		bundle, more, err := r.node.store.Since(r.ctx, ref, after, gossipContent)
		if err != nil {
			r.log.Error("Changes could not be read to gossip them", "part", ref, "error", err)
			return
		}
		if len(bundle.Changes) == 0 || len(bundle.Snapshots) > 0 || bundleSize(bundle) > maxGossip-1024 {
			return
		}
		err = r.publish(&changesMessage{
			Document: ref.Document, Part: ref.Part,
			Changes: bundle.Changes, Signatures: toWireSignatures(bundle.Signatures),
		})
		if err != nil {
			if r.ctx.Err() == nil {
				r.log.Warn("Changes were not gossiped, others will ask for them", "part", ref, "error", err)
			}
			return
		}
		if !more || !advance(after, bundle.Changes) {
			return
		}
	}
}

// advance raises a vector over changes.
func advance(v crdt.Vector, changes [][]byte) (advanced bool) {
	for _, raw := range changes {
		if c, err := chunk.ParseChange(raw, chunk.DefaultLimits); err == nil && v[c.Actor] < c.Seq {
			v[c.Actor] = c.Seq
			advanced = true
		}
	}
	return advanced
}

// tellEntries gossips entries that are new since it told last: those that this
// device has written, and a few that reached it otherwise than by gossip, since
// whoever is removed should be out everywhere soon. What has come by gossip has
// reached the others, too, and of many they will ask for what they lack.
func (r *room) tellEntries() {
	log, ok := r.node.store.Log(r.id)
	if !ok {
		return
	}
	r.mu.Lock()
	told := r.told
	r.told = log.Landmarks()
	r.mu.Unlock()
	fresh := log.Since(told)
	var tell [][]byte
	for _, raw := range fresh {
		if heard := r.heardEntry(raw); len(fresh) <= maxRetold && !heard {
			tell = append(tell, raw)
		} else if r.wrote(raw) {
			tell = append(tell, raw)
		}
	}
	if len(tell) == 0 {
		return
	}
	for _, page := range pages(tell, gossipContent) {
		if err := r.publish(&entriesMessage{Entries: page}); err != nil && r.ctx.Err() == nil {
			r.log.Warn("Membership entries were not gossiped, others will ask for them", "error", err)
		}
	}
	r.teller.greet()
}

// wrote reports whether an entry is this device's own. Of a log with more heads
// than landmarks there are thousands to look at whenever it grows, so most must
// not cost a signature.
func (r *room) wrote(raw []byte) bool {
	if !bytes.Contains(raw, r.node.device[:]) {
		return false
	}
	e, err := space.ParseEntry(raw)
	return err == nil && e.Author == r.node.device
}

// hearEntries remembers what comes by gossip, before it is added.
func (r *room) hearEntries(entries [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.heard)+len(entries) > maxHeard {
		clear(r.heard)
	}
	for _, raw := range entries {
		r.heard[sha256.Sum256(raw)] = true
	}
}

// heardEntry reports, once, whether an entry has come by gossip.
func (r *room) heardEntry(raw []byte) bool {
	hash := space.Hash(sha256.Sum256(raw))
	r.mu.Lock()
	defer r.mu.Unlock()
	heard := r.heard[hash]
	delete(r.heard, hash)
	return heard
}

// keepInTouch pulls from somebody now and then, in case messages were lost on
// all ways.
func (o *online) keepInTouch() {
	for pause(o.ctx, jittered(touchInterval)) {
		o.relay.tend() // the network may have come to be used sparingly
		o.mu.Lock()
		rooms := make([]*room, 0, len(o.rooms))
		for _, r := range o.rooms {
			rooms = append(rooms, r)
		}
		o.mu.Unlock()
		for _, r := range rooms {
			// A map's order is as random as it need be.
			if peers := o.sharers(r.id); len(peers) > 0 {
				r.pull(pullRequest{from: peers[0]})
			}
		}
	}
}

// closedBy ends with either of two contexts.
func closedBy(ctx, other context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(other, cancel)
	return ctx, func() { unhook(); cancel() }
}
