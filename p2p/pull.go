package p2p

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"parley/crdt"
	"parley/space"
)

// maxWantBytes bounds the vectors of one request, well within requestFrame.
const maxWantBytes = 512 << 10

// maxHeldBytes bounds the membership entries that a pull keeps in memory since
// some of them found no room.
const maxHeldBytes = 16 << 20

// What one pull lists at most: a whole log, whose entries may come twice, and
// more parts than a space has.
const (
	maxListedEntries = 2 * space.MaxEntries
	maxListedParts   = 16 * maxItems
)

// A pull asks one peer for what we lack in a space (docs/protocol.md,
// "Catch-up").
type pull struct {
	*conversation
	room   *room
	peer   peer.ID
	device space.DeviceID
	// begun are the parts of which all is asked for, since something we were
	// given builds on what we have never heard of: what came so far.
	begun map[crdt.Ref]crdt.Tips
	// unread says which parts were passed over, since what we have of them
	// cannot be read.
	unread error
	// everything is asked for, also while the network is used sparingly.
	everything bool
	// newest ranks the documents by age, once the index that says so is here.
	newest map[crdt.DocumentID]int
}

// pullFrom runs one pull: of some parts, or of everything that differs, as far as
// that is wanted while the network is used sparingly.
func (r *room) pullFrom(ctx context.Context, from peer.ID, refs []crdt.Ref) error {
	return r.runPull(ctx, from, refs, !r.node.frugal(), nil)
}

// runPull counts the bytes that come, unless brought is nil.
func (r *room) runPull(ctx context.Context, from peer.ID, refs []crdt.Ref, everything bool, brought *atomic.Int64) error {
	device, ok := deviceOf(from)
	if !ok || !r.isMember(from) {
		return errOutsider
	}
	done, err := r.online.takeTurn(ctx, from, aboutDocuments)
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
		room:         r, peer: from, device: device, begun: make(map[crdt.Ref]crdt.Tips),
		everything: everything,
	}
	p.counts(brought)
	defer r.pulls.begin(from, p.conversation)()
	if !r.allows(stream.Conn()) {
		p.abort()
		return errOutsider
	}
	unhook := context.AfterFunc(ctx, p.abort)
	defer unhook()
	if err := p.run(ctx, refs); err != nil {
		p.abort()
		return fmt.Errorf("pull from %s: %w", device, err)
	}
	// What cannot be read is about to be healed: then it is asked for again.
	return errors.Join(p.close(), p.unread)
}

// passOver leaves a part out that we cannot read, and goes on with the others.
func (p *pull) passOver(ref crdt.Ref, err error) {
	p.room.log.Warn("A part cannot be read and is passed over", "part", ref, "from", p.device, "error", err)
	p.unread = errors.Join(p.unread, fmt.Errorf("pull %s from %s: %w", ref, p.device, err))
}

func (p *pull) run(ctx context.Context, refs []crdt.Ref) error {
	log, ok := p.room.node.store.Log(p.room.id)
	if !ok {
		return crdt.ErrUnknownSpace
	}
	digest := p.room.node.store.Digest(p.room.id)
	wants, rest := p.wants(refs)
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
	if !p.everything {
		differing = slices.DeleteFunc(differing, func(ref crdt.Ref) bool { return p.rank(ref) == later })
	}
	p.room.progress.begin(p, differing)
	defer p.room.progress.end(p)
	return p.fetch(ctx, differing)
}

func (p *pull) hearLog(ctx context.Context, asked time.Time) error {
	// held is from the page on of which not all found room. What comes later can
	// be the reason to keep what came before, and is looked at together with it.
	var held [][]byte
	size, listed := 0, 0
	for first := true; ; first = false {
		var page logPage
		if _, err := p.hear(logFrame, &page); err != nil {
			return err
		}
		listed += len(page.Entries)
		if err := listedWell(len(page.Entries), page.Last, listed, maxListedEntries); err != nil {
			return err
		}
		if first {
			p.room.online.host.Peerstore().RecordLatency(p.peer, time.Since(asked))
		}
		full, err := p.takeEntries(ctx, page.Entries)
		if err != nil {
			return err
		}
		if full || len(held) > 0 {
			for _, raw := range page.Entries {
				if size += len(raw); size <= maxHeldBytes {
					held = append(held, raw)
				}
			}
		}
		if page.Last {
			break
		}
	}
	_, err := p.takeEntries(ctx, held)
	return err
}

// listedWell bounds a list that comes in pages: without that, empty ones keep a
// pull alive for ever.
func listedWell(page int, last bool, all, most int) error {
	if page == 0 && !last {
		return fmt.Errorf("%w: an empty page before the last", errNonsense)
	}
	if all > most {
		return fmt.Errorf("%w: more than %d are listed", errNonsense, most)
	}
	return nil
}

// takeEntries adds membership entries, and reports whether some found no room.
// What does not fit is left out by the store; the rest counts.
func (p *pull) takeEntries(ctx context.Context, entries [][]byte) (full bool, err error) {
	if len(entries) == 0 {
		return false, nil
	}
	added, _, err := p.room.node.store.AddEntries(ctx, p.room.id, entries)
	if len(added) > 0 {
		p.gains()
	}
	if err == nil {
		return false, nil
	}
	p.room.log.Warn("Membership entries were not taken", "device", p.device, "error", err)
	if forgedEntries(err) {
		return false, fmt.Errorf("%w: %w", errNonsense, err)
	}
	return errors.Is(err, space.ErrFull), nil
}

// compare finds the parts in which the other differs from us.
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
	for listed := 0; ; {
		var page parts
		if _, err := p.hear(logFrame, &page); err != nil {
			return nil, err
		}
		listed += len(page.Parts)
		if err := listedWell(len(page.Parts), page.Last, listed, maxListedParts); err != nil {
			return nil, err
		}
		for _, s := range page.Parts {
			ref := crdt.Ref{Space: p.room.id, Document: s.Document, Part: s.Part}
			if !equal[s] && !p.room.puller.futile(p.peer, ref, s.Digest) {
				refs = append(refs, ref)
			}
		}
		if len(refs) > maxItems {
			return nil, fmt.Errorf("%w: more than %d parts", errNonsense, maxItems)
		}
		if page.Last {
			break
		}
	}
	return refs, nil
}

// wants says what we have of parts, as far as one request goes, and returns
// the parts left for the next. There is none left if it wants nothing.
func (p *pull) wants(refs []crdt.Ref) (wants []partTips, rest []crdt.Ref) {
	size := 0
	for i, ref := range refs {
		tips, all := p.begun[ref]
		if !all {
			var err error
			if tips, err = p.room.node.store.Tips(ref); err != nil {
				p.passOver(ref, err)
				continue
			}
		}
		w := toWireTips(ref, tips)
		size += 64 + len(w.Tips)*72 + len(w.Aside)
		if len(wants) == maxWants || len(wants) > 0 && size > maxWantBytes {
			return wants, refs[i:]
		}
		wants = append(wants, w)
	}
	return wants, nil
}

// fetch asks for parts until we have what the other has of them, in the order in
// which people would want them: what is pressing by itself, so that the rest can
// be put in order by what it brings.
func (p *pull) fetch(ctx context.Context, refs []crdt.Ref) error {
	for len(refs) > 0 {
		pressing := p.sortByUrgency(refs)
		if pressing == 0 {
			pressing = len(refs)
		}
		wants, rest := p.wants(refs[:pressing])
		refs = append(rest, refs[pressing:]...)
		if len(wants) == 0 {
			continue // none of them can be read
		}
		if err := p.say(&wantParts{Wants: wants}); err != nil {
			return err
		}
		more, err := p.hearPieces(ctx, wants)
		if err != nil {
			return err
		}
		refs = append(more, refs...)
	}
	return nil
}

// hearPieces stores the answers to a request, one for each want and in their
// order, and returns the parts of which there is more.
func (p *pull) hearPieces(ctx context.Context, wants []partTips) (more []crdt.Ref, err error) {
	for _, w := range wants {
		var got piece
		if _, err := p.hear(pieceFrame, &got); err != nil {
			return nil, err
		}
		if got.Document != w.Document || got.Part != w.Part {
			return nil, fmt.Errorf("%w: a piece that was not asked for", errNonsense)
		}
		again, err := p.store(ctx, w.ref(p.room.id), &got)
		if err != nil {
			return nil, err
		}
		p.room.progress.took(p, w.ref(p.room.id), got.size(), again)
		if again {
			more = append(more, w.ref(p.room.id))
		}
	}
	_, err = p.hear(requestFrame, &pullEnd{})
	return more, err
}

// store makes a piece durable and reports whether to ask for more of the part:
// never without having got further, since that would not end.
func (p *pull) store(ctx context.Context, ref crdt.Ref, got *piece) (again bool, err error) {
	store := p.room.node.store
	before, err := store.PartDigest(ref)
	if err != nil {
		p.passOver(ref, err)
		return false, nil
	}
	bundle := crdt.Bundle{Snapshots: got.Snapshots, Changes: got.Changes, Signatures: fromWireSignatures(got.Signatures)}
	missing := false
	if !bundle.Empty() {
		receipt, err := store.Append(ctx, ref, bundle, crdt.Peer, p.device)
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
		missing = len(receipt.Missing) > 0
	}
	p.room.node.standing.has(p.device, ref, got.Vector.vector())
	after, err := store.PartDigest(ref)
	if err != nil {
		p.passOver(ref, err)
		return false, nil
	}
	if after != before {
		p.gains()
	}
	tips, all := p.begun[ref]
	switch {
	case all:
		tips, again = tips.With(bundle)
		p.begun[ref] = tips
		again = again && got.More
	case missing && !got.More:
		// By the numbers we lack nothing below that, so we are on another side
		// of a fork: only all of it tells.
		p.begun[ref] = crdt.Tips{}
		again = true
	default:
		again = got.More && after != before
	}
	if !again && after == before && after != got.Digest {
		p.room.puller.giveUp(p.peer, ref, got.Digest)
	}
	return again, nil
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

// forgedEntries reports whether what was wrong with membership entries is the
// fault of whoever sent them: an honest device does not keep such a one. One on
// top of an entry for which only here there is no room, it may.
func forgedEntries(err error) bool {
	return errors.Is(err, space.ErrMalformedEntry) || errors.Is(err, space.ErrOtherSpace) ||
		errors.Is(err, space.ErrNoStanding) && !errors.Is(err, space.ErrFull)
}

// The ranks of parts: the index, what people look at, and the rest.
const (
	first = iota
	open
	later
)

// rank says how soon somebody wants a part.
func (p *pull) rank(ref crdt.Ref) int {
	switch {
	case ref.Document == crdt.IndexID(p.room.id):
		return first
	case p.room.node.isOpen(p.room.id, ref.Document):
		return open
	}
	return later
}

// sortByUrgency puts first what people look at: the index, then the documents
// that are open here, then the newest. It returns how many are no later than
// that.
func (p *pull) sortByUrgency(refs []crdt.Ref) (pressing int) {
	ranks := make(map[crdt.Ref]int, len(refs))
	for _, ref := range refs {
		if ranks[ref] = p.rank(ref); ranks[ref] < later {
			pressing++
		}
	}
	if p.newest == nil && pressing == 0 && len(refs) > 1 {
		p.newest = make(map[crdt.DocumentID]int)
		for age, document := range p.room.node.newest(p.room.id) {
			p.newest[document] = age - maxItems // those that are not listed come last
		}
	}
	slices.SortStableFunc(refs, func(a, b crdt.Ref) int {
		return cmp.Or(ranks[a]-ranks[b], p.newest[a.Document]-p.newest[b.Document])
	})
	return pressing
}
