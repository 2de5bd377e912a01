package p2p

import (
	"context"
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

// tellEntries gossips the entries that this device has written since it told
// last. Those of others are told by whoever wrote them.
func (r *room) tellEntries() {
	log, ok := r.node.store.Log(r.id)
	if !ok {
		return
	}
	r.mu.Lock()
	told := r.told
	r.told = log.Landmarks()
	r.mu.Unlock()
	var own [][]byte
	for _, raw := range log.Since(told) {
		if e, err := space.ParseEntry(raw); err == nil && e.Author == r.node.device {
			own = append(own, raw)
		}
	}
	if len(own) == 0 {
		return
	}
	for _, page := range pages(own, gossipContent) {
		if err := r.publish(&entriesMessage{Entries: page}); err != nil && r.ctx.Err() == nil {
			r.log.Warn("Membership entries were not gossiped, others will ask for them", "error", err)
		}
	}
}

// keepInTouch pulls from somebody now and then, in case messages were lost on
// all ways.
func (o *online) keepInTouch() {
	for pause(o.ctx, jittered(touchInterval)) {
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
