package p2p

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// Ben's machine cannot look into snapshots: one document is too much for it.
func TestADocumentThatIsTooMuchKeepsNoOtherWaiting(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	ada.stops()
	child := materialize.New(materialize.Options{Log: ada.log})
	t.Cleanup(func() {
		ada.stops() // what asks the child goes first
		if err := child.Close(); err != nil {
			t.Error(err)
		}
	})
	ada.child = child
	ada.starts()

	// Ben has written in it alone, and has no Automerge core to join that with a
	// snapshot of what Ada wrote.
	park := ada.founds("Park")
	ben.joins(ada.invites(park, 1, time.Time{}))
	ada.stops()
	large := crdt.Ref{Space: park, Document: crdt.DocumentID{1}}
	ben.writes(large, "mine")
	ben.stops()
	ada.starts()
	for i := range 300 {
		ada.writes(large, fmt.Sprint(i))
	}
	if err := ada.store.Compact(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	const others = 20
	for i := range others {
		ada.writes(crdt.Ref{Space: park, Document: crdt.DocumentID{byte(2 + i)}}, "fine")
	}
	ben.starts()
	ben.connects(ada)
	holds := func(documents int) func() bool {
		return func() bool { return len(ben.store.Documents(park)) == documents }
	}
	ben.waitFor("the other documents", holds(1+others))
	ada.writes(large, "more")
	ada.writes(crdt.Ref{Space: park, Document: crdt.DocumentID{99}}, "new")
	ben.waitFor("a document that is new", holds(1+others+1))
	if vector, err := ben.store.Vector(large); err != nil || len(vector) != 1 {
		t.Fatalf("of the document that is too much Ben holds %v, %v", vector, err)
	}
}

// damages writes over what says how much a device has of a part. It must have
// been stopped.
func (d *device) damages(ref crdt.Ref) {
	d.t.Helper()
	backend, err := badger.Open(badger.Options{Dir: filepath.Join(d.dir, "store"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		d.t.Fatal(err)
	}
	key := append(append([]byte{'s'}, ref.Space[:]...), 'p')
	key = append(append(key, ref.Document[:]...), byte(ref.Part))
	if err := backend.Write([]crdt.Op{{Key: key, Value: []byte{0xff}}}); err != nil {
		d.t.Fatal(err)
	}
	if err := backend.Close(); err != nil {
		d.t.Fatal(err)
	}
}

// One document cannot be read, where it is asked for or where it is asked from:
// the others come.
func TestADocumentThatCannotBeReadKeepsNoOtherWaiting(t *testing.T) {
	for name, askers := range map[string]bool{"the asker's": true, "the other's": false} {
		t.Run(name, func(t *testing.T) {
			ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
			park := ada.founds("Park")
			ben.joins(ada.invites(park, 1, time.Time{}))
			damaged := ref(park, "damaged")
			ada.writes(damaged, "x")
			ada.same(park, ben)
			ben.stops()
			others := []string{"two", "three", "four", "five"}
			for _, other := range others {
				ada.writes(ref(park, other), "y")
			}
			ada.writes(damaged, "more")
			ada.stops()
			ill := ada
			if askers {
				ill = ben
			}
			ill.damages(damaged)
			ada.starts()
			ben.starts()
			if _, err := ill.store.Tips(damaged); err == nil {
				t.Fatal("it can be read")
			}
			ben.connects(ada)
			for _, other := range others {
				ben.waitFor(other, func() bool { return ben.has(ref(park, other), ada, 1) })
			}
			if err := ill.store.Heal(t.Context()); err != nil {
				t.Fatal(err)
			}
			if askers {
				ben.waitFor("what was written in the damaged one", func() bool { return ben.has(damaged, ada, 2) })
			}
		})
	}
}

// Somebody may say to have more of any number of parts.
func TestVeryManyPartsToAskForAreEverything(t *testing.T) {
	r := &room{}
	r.puller = newPuller(r)
	mal := peerOf(space.DeviceID{1})
	for i := range 2 * maxWaiting {
		r.pull(pullRequest{from: mal, refs: []crdt.Ref{ref(r.id, fmt.Sprint(i))}})
		refs, queued := r.puller.waiting[mal]
		if !queued || len(refs) > maxWaiting || i >= maxWaiting && refs != nil {
			t.Fatalf("after %d parts %d wait", i+1, len(refs))
		}
	}
	if request, ok := r.puller.next(nil); !ok || request.from != mal || len(request.refs) > 0 {
		t.Errorf("%d parts are asked for", len(request.refs))
	}
}

// Pages with nothing on them would keep a pull alive for ever.
func TestEmptyPagesAreNonsense(t *testing.T) {
	for name, answer := range map[string]func(*conversation) error{
		"of the log": func(c *conversation) error { return c.say(&logPage{}) },
		"of parts": func(c *conversation) error {
			err := c.say(&logPage{Last: true}, &sums{Digest: [32]byte{1}, Buckets: []bucketSum{{Bucket: 1, Digest: shortDigest{1}}}})
			if err == nil {
				_, err = c.hear(requestFrame, &listParts{})
			}
			if err == nil {
				err = c.say(&parts{})
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ada, mal := newDevice(t, "Ada"), newDevice(t, "Mal")
			park, _ := meeting(t, ada, mal)
			ada.same(park, mal)
			mal.node.current().host.SetStreamHandler(catchUpProtocol, func(stream network.Stream) {
				c := converse(stream, patience)
				if _, err := c.hear(requestFrame, &openPull{}); err == nil && answer(c) == nil {
					// She waits for what Ada makes of that, who may say nothing more.
					_, _ = c.hear(requestFrame, &wantParts{})
				}
				c.abort()
			})
			if err := ada.pullsFrom(park, mal); !errors.Is(err, errNonsense) {
				t.Errorf("they are taken: %v", err)
			}
		})
	}
}

// Whoever is sent a frame that is too large turns the sender away, so what a
// piece takes is never taken for less than that.
func TestAPieceThatIsTooLargeIsNotSent(t *testing.T) {
	for n := range 40 {
		full := &piece{Document: crdt.DocumentID{255}, Part: 1, Digest: shortDigest{255}, More: true}
		for i := range n * n {
			actor := bytes.Repeat([]byte{byte(i >> 8), byte(i)}, maxActor/2)
			full.Vector = append(full.Vector, actorSeq{Actor: actor, Seq: 1<<64 - 1})
			full.Signatures = append(full.Signatures, wireSignature{
				Actor: actor, Seq: 1<<64 - 1, Hash: chunk.Hash{255}, Device: space.DeviceID{255}, Sig: [64]byte{255},
			})
			full.Changes = append(full.Changes, make([]byte, i*n))
			full.Snapshots = append(full.Snapshots, make([]byte, i))
		}
		frame, err := encodeFrame(full)
		if err != nil {
			t.Fatal(err)
		}
		if full.fits(len(frame)-1) == nil {
			t.Errorf("a frame of %d bytes is taken for one of less", len(frame))
		}
		if got := full.size(); got > len(frame)+len(frame)/4+256 {
			t.Errorf("a frame of %d bytes is taken for one of %d", len(frame), got)
		}
	}
	if err := (&piece{Changes: make([][]byte, maxItems+1)}).fits(pieceFrame); err == nil {
		t.Error("a piece of more changes than anybody reads is sent")
	}
}
