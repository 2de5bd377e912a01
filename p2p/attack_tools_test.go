package p2p

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/space"
)

// What attackers use in the stories of attack_*_test.go.

// forges is an entry that a program of its own makes, whatever the rules are
// and by whatever clock: a kind and a body as in docs/formats.md.
func (d *device) forges(id space.ID, kind space.Kind, body map[int]any, at time.Time, parents ...space.Hash) []byte {
	d.t.Helper()
	return sealed(d.t, d.id(), d.key, id, kind, body, at, parents)
}

// sealed is an entry in the name of an author, whoever signs it.
func sealed(t testing.TB, author space.DeviceID, signer space.Key, id space.ID, kind space.Kind, body map[int]any, at time.Time, parents []space.Hash) []byte {
	t.Helper()
	payload, err := encoding.Marshal(map[int]any{
		1: kind, 2: id[:], 3: parents, 4: author, 5: uint64(at.Unix()), 6: body,
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := encoding.Marshal([]any{payload, signer.Sign(append([]byte("parley/entry/1"), payload...))})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// keeps puts forged entries into the forger's own log, from where they travel
// like any other. They are well formed, so that it takes them.
func (d *device) keeps(id space.ID, entries ...[]byte) {
	d.t.Helper()
	if _, missing, err := d.store.AddEntries(d.t.Context(), id, entries); err != nil || len(missing) > 0 {
		d.t.Fatalf("%d are missing, %v", len(missing), err)
	}
}

// tells gossips changes that its own store would not let through.
func (d *device) tells(ref crdt.Ref, signer space.Key, changes ...chunk.Change) {
	d.t.Helper()
	m := &changesMessage{Document: ref.Document, Part: ref.Part}
	for _, c := range changes {
		m.Changes = append(m.Changes, c.Raw)
	}
	m.Signatures = toWireSignatures(crdt.SignNewest(signer, ref, changes))
	d.publishes(ref.Space, m)
}

func (d *device) publishes(id space.ID, m message) {
	d.t.Helper()
	if err := d.node.current().room(id).publish(m); err != nil {
		d.t.Fatal(err)
	}
}

// A false server answers pulls as it likes.
type falseServer struct {
	log     [][][]byte // pages
	cut     bool       // the last page is not said to be the last
	piece   *piece     // for whoever wants its part
	unasked bool       // and for whoever wants another
}

// misserves replaces what a member's device says to those who pull from it.
func (d *device) misserves(s falseServer) {
	d.t.Helper()
	d.node.current().host.SetStreamHandler(catchUpProtocol, func(stream network.Stream) {
		c := converse(stream, patience)
		// The puller may turn away at any point: that is what it is tested for.
		if err := s.answers(c); err != nil {
			c.abort()
			return
		}
		_ = c.close()
	})
}

func (s falseServer) answers(c *conversation) error {
	var open openPull
	if _, err := c.hear(requestFrame, &open); err != nil {
		return err
	}
	for i, page := range s.log {
		if err := c.say(&logPage{Entries: page, Last: i == len(s.log)-1 && !s.cut}); err != nil {
			return err
		}
	}
	if s.cut {
		return nil
	}
	if err := c.say(&sums{Digest: [32]byte{1}}); err != nil {
		return err
	}
	for wants := open.Wants; ; {
		for _, want := range wants {
			if err := c.say(s.pieceFor(want)); err != nil {
				return err
			}
		}
		if len(wants) > 0 {
			if err := c.say(&pullEnd{}); err != nil {
				return err
			}
		}
		var more wantParts
		if _, err := c.hear(requestFrame, &more); err != nil {
			return err
		}
		wants = more.Wants
	}
}

// pieceFor is what whoever wants a part gets: of another than the piece is of,
// nothing.
func (s falseServer) pieceFor(want partTips) *piece {
	if s.piece != nil && (s.unasked || s.piece.Document == want.Document && s.piece.Part == want.Part) {
		return s.piece
	}
	return &piece{Document: want.Document, Part: want.Part}
}

// pullsFrom is one pull of some parts, and what it failed with.
func (d *device) pullsFrom(id space.ID, other *device, refs ...crdt.Ref) error {
	d.t.Helper()
	return d.node.current().room(id).pullFrom(d.t.Context(), peerOf(other.id()), refs)
}

// turnsAway reports whether a device takes nothing from another any more.
func (d *device) turnsAway(other *device) bool {
	return !d.node.current().gate.allows(peerOf(other.id()))
}
