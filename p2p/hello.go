package p2p

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"parley/space"
)

const (
	helloProtocol protocol.ID = "/parley/hello/1"

	helloPatience  = 10 * time.Second
	helloFrame     = 64 << 10
	proofFrame     = 256 << 10 // content; a little more for its wrapping
	proofTotal     = 4 << 20
	proofFrameWire = proofFrame + space.MaxEntry
)

// A hello is one run of the protocol in docs/protocol.md, from either side.
type hello struct {
	*conversation
	online *online
	peer   peer.ID
	other  space.DeviceID
	script transcript
	side   byte

	named map[space.ID]bool // by the other, in the round that was heard last
	first []space.ID        // named by us in the first round

	// What is seen to when the hello is over: so long as it lasts, the time that
	// anything takes must not depend on what is held here.
	proved map[space.ID][][]byte // entries, by the other
	toTell []*space.Log          // of which the ending is not known yet
}

func (o *online) newHello(stream network.Stream, p peer.ID, other space.DeviceID, side byte) *hello {
	return &hello{
		conversation: converse(stream, helloPatience), online: o, peer: p, other: other, side: side,
		proved: make(map[space.ID][][]byte),
	}
}

// greet opens a hello, and shares the spaces it found to be shared.
func (o *online) greet(ctx context.Context, p peer.ID) error {
	other, ok := deviceOf(p)
	if !ok {
		return fmt.Errorf("greet %s: not a device", p)
	}
	stream, err := o.host.NewStream(network.WithNoDial(ctx, "hello"), p, helloProtocol)
	if err != nil {
		return fmt.Errorf("greet %s: %w", other, err)
	}
	h := o.newHello(stream, p, other, sideOpener)
	shared, err := h.open()
	if err != nil {
		h.abort()
		return fmt.Errorf("greet %s: %w", other, err)
	}
	o.share(p, shared)
	h.finish(ctx)
	return nil
}

// answerHello is the stream handler.
func (o *online) answerHello(ctx context.Context, stream network.Stream) error {
	p := stream.Conn().RemotePeer()
	other, _ := deviceOf(p)
	h := o.newHello(stream, p, other, sideAnswerer)
	shared, err := h.answer()
	if err != nil {
		h.abort()
		return fmt.Errorf("answer hello: %w", err)
	}
	o.share(p, shared)
	h.finish(ctx)
	return nil
}

func (h *hello) open() ([]space.ID, error) {
	mine := nonce{Nonce: newNonce()}
	if err := h.say(&mine); err != nil {
		return nil, err
	}
	var theirs nonce
	asked := time.Now()
	if _, err := h.hear(helloFrame, &theirs); err != nil {
		return nil, err
	}
	h.online.host.Peerstore().RecordLatency(h.peer, time.Since(asked))
	h.script = transcript{
		openerNonce: mine.Nonce, answererNonce: theirs.Nonce,
		opener: h.online.node.device, answerer: h.other,
	}
	if err := h.hearTags(1); err != nil {
		return nil, err
	}
	named, err := h.sayTags(1)
	if err != nil {
		return nil, err
	}
	h.first = named
	if err := h.prove(named); err != nil {
		return nil, err
	}
	if err := h.hearProofs(); err != nil {
		return nil, err
	}
	if err := h.hearTags(2); err != nil {
		return nil, err
	}
	if named, err = h.sayTags(2); err != nil {
		return nil, err
	}
	return h.both(named), h.close()
}

func (h *hello) answer() ([]space.ID, error) {
	var theirs nonce
	if _, err := h.hear(helloFrame, &theirs); err != nil {
		return nil, err
	}
	mine := nonce{Nonce: newNonce()}
	h.script = transcript{
		openerNonce: theirs.Nonce, answererNonce: mine.Nonce,
		opener: h.other, answerer: h.online.node.device,
	}
	if err := h.say(&mine); err != nil {
		return nil, err
	}
	first, err := h.sayTags(1)
	if err != nil {
		return nil, err
	}
	h.first = first
	asked := time.Now()
	if err := h.hearTags(1); err != nil {
		return nil, err
	}
	h.online.host.Peerstore().RecordLatency(h.peer, time.Since(asked))
	if err := h.hearProofs(); err != nil {
		return nil, err
	}
	if err := h.prove(first); err != nil {
		return nil, err
	}
	second, err := h.sayTags(2)
	if err != nil {
		return nil, err
	}
	if err := h.hearTags(2); err != nil {
		return nil, err
	}
	return h.both(second), h.close()
}

// spaces are ours, but for those that stay on the local network where the other
// is not on it: there it is as if we did not hold them.
func (h *hello) spaces() []space.ID {
	return slices.DeleteFunc(h.online.node.store.Spaces(), func(id space.ID) bool {
		return !h.online.ways.admits(id, h.stream.Conn())
	})
}

// common reports whether both we and the other belong to a space by our log.
func (h *hello) common(id space.ID) bool {
	return h.online.node.belongs(id) && h.online.node.member(id, h.other)
}

// sayTags names the spaces in which we and the other are members by our log.
func (h *hello) sayTags(round byte) (named []space.ID, err error) {
	var list []tag
	for _, id := range h.spaces() {
		if h.common(id) && len(named) < maxTags {
			named = append(named, id)
			list = append(list, h.script.helloTag(id, round, h.side))
		}
	}
	return named, h.say(&tags{Tags: padded(list)})
}

// hearTags learns which of our spaces the other names.
func (h *hello) hearTags(round byte) error {
	var heard tags
	if _, err := h.hear(helloFrame, &heard); err != nil {
		return err
	}
	ours := h.tagged(round, h.spaces())
	h.named = make(map[space.ID]bool)
	for _, t := range heard.Tags {
		if id, ok := ours[t]; ok {
			h.named[id] = true
		}
	}
	h.online.node.petitions.greeted(h.peer, func(id space.ID) bool {
		return slices.Contains(heard.Tags, h.script.helloTag(id, round, 1-h.side))
	})
	return nil
}

// tagged are the tags by which the other would name spaces.
func (h *hello) tagged(round byte, spaces []space.ID) map[tag]space.ID {
	ours := make(map[tag]space.ID, len(spaces))
	for _, id := range spaces {
		ours[h.script.helloTag(id, round, 1-h.side)] = id
	}
	return ours
}

// prove sends what the other seems not to have seen: of spaces that we named
// and it did not, the log, by which we belong; of those that it named and we
// did not, why one of us does not belong.
func (h *hello) prove(named []space.ID) error {
	left := proofTotal
	for _, id := range h.spaces() {
		entries := h.proof(id, slices.Contains(named, id))
		if len(entries) == 0 {
			continue
		}
		for _, raw := range entries {
			left -= len(raw)
		}
		if left < 0 {
			break
		}
		for _, page := range pages(entries, proofFrame-1024) {
			if err := h.say(&proof{Tag: h.script.helloTag(id, 1, h.side), Entries: page}); err != nil {
				return err
			}
		}
	}
	return h.say(&proofEnd{})
}

func (h *hello) proof(id space.ID, named bool) [][]byte {
	log, ok := h.online.node.store.Log(id)
	switch {
	case !ok || h.named[id] == named:
		return nil
	case h.named[id]:
		if _, in := log.Member(h.other); in {
			// We are out, and a member does not know. Why, may rest on more than
			// what ended our place, and on what nobody else has: see
			// docs/protocol.md, "Endings".
			return log.Entries()
		}
		entries, known := h.online.node.knownEnding(log, h.other)
		if !known {
			h.toTell = append(h.toTell, log)
		}
		return entries
	case h.common(id): // by a log in which the other is a member, and may see it
		return log.Entries()
	}
	return nil // it has just shown us that it left
}

// hearProofs keeps what the other proves about spaces we hold. What it says
// about others is read and forgotten: the answer is the same. It may show, too,
// that a space does not stay on the local network any more.
func (h *hello) hearProofs() error {
	ours := h.tagged(1, h.online.node.store.Spaces())
	for total := 0; ; {
		var p proof
		heard, err := h.hear(proofFrameWire, &p, &proofEnd{})
		if err != nil {
			return err
		}
		if _, end := heard.(*proofEnd); end {
			return nil
		}
		for _, raw := range p.Entries {
			total += len(raw)
		}
		if total > proofTotal {
			return fmt.Errorf("%w: proofs of more than %d bytes", errNonsense, proofTotal)
		}
		if id, ok := ours[p.Tag]; ok {
			h.proved[id] = append(h.proved[id], p.Entries...)
		}
	}
}

// finish adds what the other has proved, and finds out what there is to tell it.
// If either changes what is to be said, both say hello again.
func (h *hello) finish(ctx context.Context) {
	node, again := h.online.node, false
	for id, entries := range h.proved {
		before := h.common(id)
		if _, _, err := node.store.AddEntries(ctx, id, entries); err != nil {
			h.online.log.Debug("A proof of membership did not hold", "space", id, "device", h.other, "error", err)
		}
		// Saying hello once more would show that it is held, also where it is not
		// to be spoken of.
		again = again || !before && h.common(id) && h.online.ways.admits(id, h.stream.Conn())
	}
	for _, id := range h.first {
		again = again || !h.common(id) // it ended meanwhile, too late to say why
	}
	for _, log := range h.toTell {
		again = len(node.findEnding(log, h.other)) > 0 || again
	}
	if again {
		h.online.acquaint(h.peer) // it may have spoken before we were told who it is
		h.online.meet(h.peer)
	}
}

// both are the spaces that both have named.
func (h *hello) both(named []space.ID) (shared []space.ID) {
	for _, id := range named {
		if h.named[id] {
			shared = append(shared, id)
		}
	}
	return shared
}
