package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"parley/crdt"
	"parley/space"
)

// maxWantBytes bounds the vectors of one request, well within requestFrame.
const maxWantBytes = 512 << 10

// A pull asks one peer for what we lack in a space (docs/protocol.md,
// "Catch-up").
type pull struct {
	*conversation
	room   *room
	peer   peer.ID
	device space.DeviceID
	listed map[crdt.Ref]shortDigest // what the peer has of parts, where it said
}

// pullFrom runs one pull: of some parts, or of everything that differs.
func (r *room) pullFrom(ctx context.Context, from peer.ID, refs []crdt.Ref) error {
	device, ok := deviceOf(from)
	if !ok || !r.node.member(r.id, device) {
		return errOutsider
	}
	done, err := r.online.takeTurn(ctx, from)
	if err != nil {
		return fmt.Errorf("pull from %s: %w", device, err)
	}
	defer done()
	stream, err := r.online.host.NewStream(network.WithNoDial(ctx, "catch-up"), from, catchUpProtocol)
	if err != nil {
		return fmt.Errorf("pull from %s: %w", device, err)
	}
	p := &pull{
		conversation: converse(stream, catchUpPatience),
		room:         r, peer: from, device: device, listed: make(map[crdt.Ref]shortDigest),
	}
	unhook := context.AfterFunc(ctx, p.abort)
	defer unhook()
	if err := p.run(ctx, refs); err != nil {
		p.abort()
		return fmt.Errorf("pull from %s: %w", device, err)
	}
	return p.close()
}

func (p *pull) run(ctx context.Context, refs []crdt.Ref) error {
	log, ok := p.room.node.store.Log(p.room.id)
	if !ok {
		return crdt.ErrUnknownSpace
	}
	digest := p.room.node.store.Digest(p.room.id)
	wants, rest, err := p.wants(refs)
	if err != nil {
		return err
	}
	if err := p.say(&openPull{Space: p.room.id, Landmarks: log.Landmarks(), Digest: digest, Wants: wants}); err != nil {
		return err
	}
	asked := time.Now()
	if err := p.hearLog(ctx, asked); err != nil {
		return err
	}
	var theirs sums
	if _, err := p.hear(requestFrame, &theirs); err != nil {
		return err
	}
	if len(wants) > 0 {
		more, err := p.hearPieces(ctx, wants)
		if err != nil {
			return err
		}
		return p.fetch(ctx, append(more, rest...))
	}
	if theirs.Digest == digest {
		p.room.node.standing.equal(p.room.id, p.device, digest)
		return nil
	}
	differing, err := p.compare(theirs.Buckets)
	if err != nil {
		return err
	}
	return p.fetch(ctx, differing)
}

func (p *pull) hearLog(ctx context.Context, asked time.Time) error {
	for first := true; ; first = false {
		var page logPage
		if _, err := p.hear(logFrame, &page); err != nil {
			return err
		}
		if first {
			p.room.online.host.Peerstore().RecordLatency(p.peer, time.Since(asked))
		}
		if len(page.Entries) > 0 {
			// What does not fit is left out by the store; the rest counts.
			if _, _, err := p.room.node.store.AddEntries(ctx, p.room.id, page.Entries); err != nil {
				p.room.log.Warn("Membership entries were not taken", "device", p.device, "error", err)
				if errors.Is(err, space.ErrMalformedEntry) || errors.Is(err, space.ErrOtherSpace) || errors.Is(err, space.ErrNoStanding) {
					return fmt.Errorf("%w: %w", errNonsense, err)
				}
			}
		}
		if page.Last {
			return nil
		}
	}
}

// compare finds the parts in which the other differs from us, in the order in
// which people would want them.
func (p *pull) compare(theirs []bucketSum) ([]crdt.Ref, error) {
	same := make(map[bucketSum]bool)
	for _, b := range bucketSums(p.room.node.store, p.room.id) {
		same[b] = true
	}
	var buckets []uint
	for _, b := range theirs {
		if !same[b] {
			buckets = append(buckets, uint(b.Bucket))
		}
	}
	if len(buckets) == 0 {
		return nil, nil // only we have more: they will ask us
	}
	if err := p.say(&listParts{Buckets: buckets}); err != nil {
		return nil, err
	}
	equal := make(map[partSum]bool)
	for _, s := range partSums(p.room.node.store, p.room.id, buckets) {
		equal[s] = true
	}
	var refs []crdt.Ref
	for {
		var page parts
		if _, err := p.hear(logFrame, &page); err != nil {
			return nil, err
		}
		for _, s := range page.Parts {
			ref := crdt.Ref{Space: p.room.id, Document: s.Document, Part: s.Part}
			if !equal[s] && !p.room.puller.futile(p.peer, ref, s.Digest) {
				refs = append(refs, ref)
				p.listed[ref] = s.Digest
			}
		}
		if len(refs) > maxItems {
			return nil, fmt.Errorf("%w: more than %d parts", errNonsense, maxItems)
		}
		if page.Last {
			break
		}
	}
	p.room.node.sortByUrgency(p.room.id, refs)
	return refs, nil
}

// wants says what we have of parts, as far as one request goes, and returns
// the parts left for the next.
func (p *pull) wants(refs []crdt.Ref) (wants []partVector, rest []crdt.Ref, err error) {
	size := 0
	for i, ref := range refs {
		vector, err := p.room.node.store.Vector(ref)
		if err != nil {
			return nil, nil, err
		}
		w := partVector{Document: ref.Document, Part: ref.Part, Vector: toWire(vector)}
		size += 64 + len(w.Vector)*32
		if len(wants) == maxWants || len(wants) > 0 && size > maxWantBytes {
			return wants, refs[i:], nil
		}
		wants = append(wants, w)
	}
	return wants, nil, nil
}

// fetch asks for parts until we have what the other has of them.
func (p *pull) fetch(ctx context.Context, refs []crdt.Ref) error {
	for len(refs) > 0 {
		wants, rest, err := p.wants(refs)
		if err != nil {
			return err
		}
		if err := p.say(&wantParts{Wants: wants}); err != nil {
			return err
		}
		more, err := p.hearPieces(ctx, wants)
		if err != nil {
			return err
		}
		refs = append(more, rest...)
	}
	return nil
}

// hearPieces stores the answers to a request, one for each want and in their
// order, and returns the parts of which there is more.
func (p *pull) hearPieces(ctx context.Context, wants []partVector) (more []crdt.Ref, err error) {
	for _, w := range wants {
		var got piece
		if _, err := p.hear(pieceFrame, &got); err != nil {
			return nil, err
		}
		if got.Document != w.Document || got.Part != w.Part {
			return nil, fmt.Errorf("%w: a piece that was not asked for", errNonsense)
		}
		moved, err := p.store(ctx, w, &got)
		if err != nil {
			return nil, err
		}
		// Asking again without having moved would never end.
		if got.More && moved {
			more = append(more, w.ref(p.room.id))
		}
	}
	_, err = p.hear(requestFrame, &pullEnd{})
	return more, err
}

// store makes a piece durable and reports whether we know more now.
func (p *pull) store(ctx context.Context, w partVector, got *piece) (moved bool, err error) {
	ref, theirs := w.ref(p.room.id), got.Vector.vector()
	bundle := crdt.Bundle{Snapshots: got.Snapshots, Changes: got.Changes, Signatures: fromWireSignatures(got.Signatures)}
	if !bundle.Empty() {
		receipt, err := p.room.node.store.Append(ctx, ref, bundle, crdt.Peer, p.device)
		if ctx.Err() == nil && !errors.Is(err, crdt.ErrClosed) && err != nil {
			// One document that is too much for this machine must not keep the others from coming.
			p.room.log.Warn("A part could not be taken in", "part", ref, "from", p.device, "error", err)
			p.room.puller.postpone(p.peer, ref)
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("store %s: %w", ref, err)
		}
		if err := forged(receipt); err != nil {
			return false, err
		}
	}
	p.room.node.standing.has(p.device, ref, theirs)
	ours, err := p.room.node.store.Vector(ref)
	if err != nil {
		return false, err
	}
	if listed, ok := p.listed[ref]; ok && !got.More && !ours.Covers(theirs) {
		p.room.puller.giveUp(p.peer, ref, listed)
	}
	return !w.Vector.vector().Covers(ours), nil
}

// forged is the fault of whoever sent a bundle, if there is one.
func forged(receipt crdt.Receipt) error {
	for _, q := range receipt.Refused {
		if q.Reason.Forged() {
			return fmt.Errorf("%w: %w (%s)", errNonsense, q, q.Detail)
		}
	}
	return nil
}

// sortByUrgency puts first what people look at: the index, then the documents
// that are open here.
func (n *Node) sortByUrgency(id space.ID, refs []crdt.Ref) {
	index := crdt.IndexID(id)
	open := n.openDocuments(id)
	rank := func(ref crdt.Ref) int {
		switch {
		case ref.Document == index:
			return 0
		case open[ref.Document]:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(refs, func(a, b crdt.Ref) int { return rank(a) - rank(b) })
}
