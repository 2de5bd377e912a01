package p2p

import (
	"context"
	"sync/atomic"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"parley/crdt"
	"parley/space"
)

// inboxBatch bounds how many messages are made durable together.
const inboxBatch = 256

// An inbox puts what a room hears into the store, in the order in which it
// came, and everything that is waiting at once: many messages share one sync.
// It decides on each message only when it is durable, so that nothing is
// forwarded that is not.
type inbox struct {
	room    *room
	in      chan *letter
	waiting atomic.Int64 // bytes
}

// A letter is one gossip message on its way into the store.
type letter struct {
	from    peer.ID // who passed it on
	size    int
	message message
	verdict chan pubsub.ValidationResult // receives one
}

func newInbox(r *room) *inbox {
	return &inbox{room: r, in: make(chan *letter, gossipBacklog)}
}

// receive is gossipsub's inline validator. Gossipsub calls it on one goroutine,
// in the order in which messages came.
func (r *room) receive(_ context.Context, from peer.ID, m *pubsub.Message) pubsub.ValidationResult {
	if from == r.online.host.ID() {
		return pubsub.ValidationAccept // our own, checked when it was made
	}
	if !r.isMember(from) {
		return pubsub.ValidationIgnore
	}
	author, content, err := decodeGossip(r.id, m.GetData())
	if err != nil {
		r.reject(from, err)
		return pubsub.ValidationReject
	}
	switch content := content.(type) {
	case *presenceMessage:
		if !r.node.member(r.id, author) {
			return pubsub.ValidationIgnore
		}
		verdict, tooMuch := r.node.presence.hear(r.id, author, content)
		if tooMuch && peerOf(author) == from {
			r.peers.lapse(from)
		}
		return verdict
	case *haveMessage:
		if !r.node.member(r.id, author) {
			return pubsub.ValidationIgnore
		}
		if !r.haves.take(peerOf(author)) {
			if peerOf(author) == from {
				r.peers.lapse(from)
			}
			return pubsub.ValidationIgnore
		}
		defer r.haves.done(peerOf(author))
		r.heardHave(from, author, content)
		return pubsub.ValidationAccept
	}
	if changes, ok := content.(*changesMessage); ok && !r.knowsAuthors(changes) {
		// Whoever passed it on knows more of the log than we, and the log comes
		// first in a pull.
		r.pull(pullRequest{from: from, refs: []crdt.Ref{changes.ref(r.id)}})
		return pubsub.ValidationIgnore
	}
	l := &letter{from: from, size: len(m.GetData()), message: content, verdict: make(chan pubsub.ValidationResult, 1)}
	if !r.inbox.put(l) {
		// More than the disk can take. A have will tell us what we dropped.
		return pubsub.ValidationIgnore
	}
	m.ValidatorData = l
	return pubsub.ValidationAccept
}

// knowsAuthors reports whether all who signed are or were members by our log.
// What somebody who was removed has signed is for the store to judge.
func (r *room) knowsAuthors(m *changesMessage) bool {
	log, ok := r.node.store.Log(r.id)
	if !ok {
		return false
	}
	for _, s := range m.Signatures {
		actor := space.ActorFor(r.id, s.Device, 0)
		prefix, _ := space.ActorOwner(actor[:])
		if _, known := log.Actor(prefix); !known {
			return false
		}
	}
	return true
}

// put takes a letter in, unless there are too many.
func (b *inbox) put(l *letter) bool {
	if b.waiting.Add(int64(l.size)) > gossipWaiting {
		b.waiting.Add(-int64(l.size))
		return false
	}
	select {
	case b.in <- l:
		return true
	default:
		b.waiting.Add(-int64(l.size))
		return false
	}
}

// decide is gossipsub's second validator: it waits for what receive began.
func (r *room) decide(ctx context.Context, _ peer.ID, m *pubsub.Message) pubsub.ValidationResult {
	l, ok := m.ValidatorData.(*letter)
	if !ok {
		return pubsub.ValidationAccept
	}
	select {
	case verdict := <-l.verdict:
		return verdict
	case <-ctx.Done():
		return pubsub.ValidationIgnore
	}
}

func (r *room) reject(from peer.ID, reason error) {
	r.online.do(func() { r.online.refuse(from, reason) })
}

func (b *inbox) run() {
	for {
		select {
		case <-b.room.ctx.Done():
			return
		case l := <-b.in:
			b.take(l)
		}
	}
}

// take deals with a letter and those that wait behind it.
func (b *inbox) take(first *letter) {
	batch := []*letter{first}
	for len(batch) < inboxBatch {
		select {
		case l := <-b.in:
			batch = append(batch, l)
			continue
		default:
		}
		break
	}
	for _, l := range batch {
		b.waiting.Add(-int64(l.size))
	}
	for len(batch) > 0 {
		if m, ok := batch[0].message.(*entriesMessage); ok {
			batch[0].verdict <- b.addEntries(batch[0], m)
			batch = batch[1:]
			continue
		}
		// What follows up to the next entries, part by part.
		var order []crdt.Ref
		byPart := make(map[crdt.Ref][]*letter)
		for len(batch) > 0 {
			m, ok := batch[0].message.(*changesMessage)
			if !ok {
				break
			}
			ref := m.ref(b.room.id)
			if byPart[ref] == nil {
				order = append(order, ref)
			}
			byPart[ref] = append(byPart[ref], batch[0])
			batch = batch[1:]
		}
		for _, ref := range order {
			b.appendAll(ref, byPart[ref])
		}
	}
}

func (b *inbox) addEntries(l *letter, m *entriesMessage) pubsub.ValidationResult {
	b.room.hearEntries(m.Entries)
	_, missing, err := b.room.node.store.AddEntries(b.room.ctx, b.room.id, m.Entries)
	switch {
	case forgedEntries(err):
		b.room.reject(l.from, err)
		return pubsub.ValidationReject
	case err != nil:
		b.room.log.Warn("Membership entries were not taken", "peer", l.from, "error", err)
		return pubsub.ValidationIgnore
	case len(missing) > 0:
		b.room.pull(pullRequest{from: l.from})
		return pubsub.ValidationIgnore
	}
	return pubsub.ValidationAccept
}

// appendAll appends the letters about one part together. If anything is wrong,
// it looks at each alone, to know which one it is.
func (b *inbox) appendAll(ref crdt.Ref, letters []*letter) {
	if len(letters) > 1 {
		var all crdt.Bundle
		for _, l := range letters {
			bundle := l.message.(*changesMessage).bundle()
			all.Changes = append(all.Changes, bundle.Changes...)
			all.Signatures = append(all.Signatures, bundle.Signatures...)
		}
		receipt, err := b.append(ref, all, letters[0])
		if err == nil && len(receipt.Missing) == 0 && len(receipt.Refused) == 0 {
			for _, l := range letters {
				l.verdict <- pubsub.ValidationAccept
			}
			return
		}
	}
	for _, l := range letters {
		receipt, err := b.append(ref, l.message.(*changesMessage).bundle(), l)
		l.verdict <- b.judge(ref, l, receipt, err)
	}
}

func (b *inbox) append(ref crdt.Ref, bundle crdt.Bundle, l *letter) (crdt.Receipt, error) {
	from, _ := deviceOf(l.from)
	return b.room.node.store.Append(b.room.ctx, ref, bundle, crdt.Peer, from)
}

// judge decides whether a message is to be forwarded, and what follows if not.
func (b *inbox) judge(ref crdt.Ref, l *letter, receipt crdt.Receipt, err error) pubsub.ValidationResult {
	switch fault := forged(receipt); {
	case err != nil:
		if b.room.ctx.Err() == nil {
			b.room.log.Error("Gossip could not be stored", "part", ref, "error", err)
		}
		return pubsub.ValidationIgnore
	case fault != nil:
		b.room.reject(l.from, fault)
		return pubsub.ValidationReject
	case len(receipt.Missing) > 0:
		b.room.pull(pullRequest{from: l.from, refs: []crdt.Ref{ref}})
		return pubsub.ValidationIgnore
	case receipt.Quarantined > 0:
		return pubsub.ValidationIgnore // an honest device may judge it otherwise
	}
	return pubsub.ValidationAccept
}
