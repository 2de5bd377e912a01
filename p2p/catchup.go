package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

const (
	catchUpProtocol protocol.ID = "/parley/catchup/4"

	catchUpPatience = 60 * time.Second // the other side may be storing a large piece
	requestFrame    = 2 << 20
	pullsAtOnce     = 3       // from one peer, in all spaces: it would not serve more than 4
	partsPage       = 8 << 10 // parts in one page
)

// pieceFrame holds one snapshot of the largest size, changes beside it, and
// what is set aside for forks.
var pieceFrame = chunk.DefaultLimits.Snapshot + 18<<20

// A pullServer answers one pull.
type pullServer struct {
	*service
	device space.DeviceID
}

// answerPull is the stream handler of catch-up.
func (o *online) answerPull(ctx context.Context, stream network.Stream) error {
	c := converse(stream, catchUpPatience)
	var open openPull
	if _, err := c.hear(requestFrame, &open); err != nil {
		return fmt.Errorf("serve pull: %w", err)
	}
	served, done, err := o.serves(c, open.Space)
	if err != nil {
		return err
	}
	defer done()
	device, _ := deviceOf(stream.Conn().RemotePeer())
	s := &pullServer{service: served, device: device}
	if err := s.serve(ctx, &open); err != nil {
		return fmt.Errorf("serve pull: %w", err)
	}
	return c.close()
}

func (s *pullServer) serve(ctx context.Context, open *openPull) error {
	if err := s.sayLog(open.Landmarks); err != nil {
		return err
	}
	if err := s.saySums(open); err != nil {
		return err
	}
	if len(open.Wants) > 0 {
		if err := s.sayPieces(ctx, open.Wants); err != nil {
			return err
		}
	}
	for {
		var list listParts
		var want wantParts
		heard, err := s.hear(requestFrame, &list, &want)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case heard == &list:
			err = s.sayParts(list.Buckets)
		default:
			err = s.sayPieces(ctx, want.Wants)
		}
		if err != nil {
			return err
		}
	}
}

func (s *pullServer) sayLog(landmarks []space.Hash) error {
	log, ok := s.room.node.store.Log(s.room.id)
	if !ok {
		return crdt.ErrUnknownSpace
	}
	listed := pages(log.Since(landmarks), maxPageBytes)
	for i, page := range listed {
		if err := s.say(&logPage{Entries: page, Last: i == len(listed)-1}); err != nil {
			return err
		}
	}
	return nil
}

func (s *pullServer) saySums(open *openPull) error {
	store := s.room.node.store
	answer := &sums{Digest: store.Digest(s.room.id)}
	if answer.Digest == open.Digest {
		s.room.node.standing.equal(s.room.id, s.device, answer.Digest)
	} else if len(open.Wants) == 0 {
		answer.Buckets = bucketSums(store, s.room.id)
	}
	return s.say(answer)
}

func (s *pullServer) sayParts(buckets []uint) error {
	all := partSums(s.room.node.store, s.room.id, buckets)
	for {
		page := all[:min(partsPage, len(all))]
		all = all[len(page):]
		if err := s.say(&parts{Parts: page, Last: len(all) == 0}); err != nil {
			return err
		}
		if len(all) == 0 {
			return nil
		}
	}
}

func (s *pullServer) sayPieces(ctx context.Context, wants []partTips) error {
	for _, w := range wants {
		ref, has := w.ref(s.room.id), w.tips()
		s.room.node.standing.has(s.device, ref, has.Vector())
		got, err := s.piece(ctx, ref, has)
		if ctx.Err() != nil {
			return fmt.Errorf("read %s: %w", ref, ctx.Err())
		}
		if err != nil {
			// One part that cannot be read must not keep the others from going.
			s.room.log.Warn("A part cannot be read and is not sent", "part", ref, "to", s.device, "error", err)
			got = &piece{Document: ref.Document, Part: ref.Part}
		}
		if err := s.say(got); err != nil {
			return err
		}
	}
	return s.say(&pullEnd{})
}

// piece is what we have of a part and somebody lacks.
func (s *pullServer) piece(ctx context.Context, ref crdt.Ref, has crdt.Tips) (*piece, error) {
	store := s.room.node.store
	// The tips are read first: what comes in between is sent, and not promised.
	ours, err := store.Tips(ref)
	if err != nil {
		return nil, err
	}
	bundle, more, err := store.Offer(ctx, ref, has, maxPieceBytes)
	if err != nil {
		return nil, err
	}
	got := pieceWith(ref, ours, bundle, more)
	err = got.fits(pieceFrame)
	if err == nil {
		return got, nil
	}
	// What is set aside must not keep what counts from going.
	s.room.log.Warn("A part is sent without what is set aside", "part", ref, "to", s.device, "error", err)
	if bundle, more, err = store.Since(ctx, ref, has.Vector(), maxPieceBytes); err != nil {
		return nil, err
	}
	got = pieceWith(ref, ours, bundle, more)
	return got, got.fits(pieceFrame)
}

func pieceWith(ref crdt.Ref, ours crdt.Tips, bundle crdt.Bundle, more bool) *piece {
	return &piece{
		Document: ref.Document, Part: ref.Part, Vector: toWire(ours.Vector()), Digest: ours.Digest,
		Snapshots: bundle.Snapshots, Changes: bundle.Changes,
		Signatures: toWireSignatures(bundle.Signatures), More: more,
	}
}
