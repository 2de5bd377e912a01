package p2p

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"parley/crdt"
	"parley/space"
)

// A waiter serves pulls as a device would, and tells what was wanted, in order.
// It gives the rest of a pull when it is told to.
type waiter struct {
	mu     sync.Mutex
	wanted [][]crdt.DocumentID
	goOn   chan struct{}
}

// holdsBack makes a device hold back the answer to every request of a pull but those
// for the index.
func (d *device) holdsBack() *waiter {
	w := &waiter{goOn: make(chan struct{})}
	o := d.node.current()
	o.handle(catchUpProtocol, newAllowance(4, 0, 0), func(ctx context.Context, stream network.Stream) error {
		c := converse(stream, catchUpPatience)
		var open openPull
		if _, err := c.hear(requestFrame, &open); err != nil {
			return err
		}
		device, _ := deviceOf(stream.Conn().RemotePeer())
		s := &pullServer{service: &service{c, o.room(open.Space)}, device: device}
		if err := s.sayLog(open.Landmarks); err != nil {
			return err
		}
		if err := s.saySums(&open); err != nil {
			return err
		}
		if len(open.Wants) > 0 {
			w.note(open.Wants)
			if err := s.sayPieces(ctx, open.Wants); err != nil {
				return err
			}
		}
		for {
			var list listParts
			var want wantParts
			heard, err := s.hear(requestFrame, &list, &want)
			if err != nil {
				return err
			}
			if heard == &list {
				err = s.sayParts(list.Buckets)
			} else {
				if w.note(want.Wants); want.Wants[0].Document != crdt.IndexID(open.Space) {
					select {
					case <-w.goOn:
					case <-ctx.Done():
					}
				}
				err = s.sayPieces(ctx, want.Wants)
			}
			if err != nil {
				return err
			}
		}
	})
	return w
}

func (w *waiter) note(wants []partTips) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var documents []crdt.DocumentID
	for _, want := range wants {
		documents = append(documents, want.Document)
	}
	w.wanted = append(w.wanted, documents)
}

func (w *waiter) asked() [][]crdt.DocumentID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.wanted)
}

func TestANewcomerSeesTitlesAndOpensADocumentBeforeTheRestHasCome(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park := ada.founds("Park")
	index := crdt.Ref{Space: park, Document: crdt.IndexID(park)}
	var newest []crdt.DocumentID
	for i := range 12 {
		plan := ref(park, fmt.Sprint("plan ", i))
		ada.writes(plan, "text")
		newest = slices.Insert(newest, 0, plan.Document)
	}
	ada.writes(index, "titles")
	ada.writes(crdt.Ref{Space: park, Document: newest[0], Part: space.Annotations}, "a note")
	ben.node.newest = func(space.ID) []crdt.DocumentID {
		if vector, err := ben.store.Vector(index); err != nil || len(vector) == 0 {
			t.Errorf("the order was asked for before the index was here: %v", err)
		}
		return newest
	}
	rest := ada.holdsBack()
	ben.joins(ada.invites(park, 1, time.Time{}))
	ben.waitFor("the rest being asked for", func() bool { return len(rest.asked()) == 2 })
	asked := rest.asked()
	if !slices.Equal(asked[0], []crdt.DocumentID{index.Document}) {
		t.Errorf("first came %d parts", len(asked[0]))
	}
	if !slices.Equal(slices.Compact(asked[1]), newest) {
		t.Error("the rest was not asked for newest first")
	}
	if got := ben.node.Progress(park); !got.Active || got.From != ada.id() || got.Done != 0 || got.Total != 12 || got.Bytes == 0 {
		t.Errorf("so far it is %+v", got)
	}
	// Ben opens one of the last.
	oldest := ref(park, "plan 0")
	defer ben.node.OpenDocument(park, oldest.Document)()
	ben.waitFor("the document that Ben opens", func() bool { return ben.has(oldest, ada, 1) })
	if ben.has(ref(park, "plan 5"), ada, 1) {
		t.Error("the rest has come as well")
	}
	close(rest.goOn)
	ben.same(park, ada)
	ben.waitFor("nothing being under way", func() bool { return ben.node.Progress(park) == Progress{} })
}

func TestASparingDeviceGetsWhatIsOpenAndTheRestWhenAsked(t *testing.T) {
	ada, ben := newDevice(t, "Ada"), newDevice(t, "Ben")
	park, plan := meeting(t, ada, ben)
	index := crdt.Ref{Space: park, Document: crdt.IndexID(park)}
	ben.node.SetFrugal(true)
	if !ben.node.Frugal() {
		t.Error("it is not sparing")
	}
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	defer ben.node.OpenDocument(park, plan.Document)()
	other := ref(park, "other")
	for _, part := range []crdt.Ref{other, plan, index} {
		ada.writes(part, "while Ben is away")
	}
	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	ben.connects(ada)
	ben.waitFor("what is open", func() bool { return ben.has(plan, ada, 2) && ben.has(index, ada, 1) })
	ben.waitFor("being done", func() bool { return ben.node.Progress(park) == Progress{} })
	if ben.has(other, ada, 1) {
		t.Error("it got what nobody looks at")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := ben.node.CatchUp(ctx, park); err != nil {
		t.Fatal(err)
	}
	if !ben.has(other, ada, 1) {
		t.Error("asked for all, it did not get all")
	}
	third := ref(park, "third")
	if err := ben.node.SetOffline(true); err != nil {
		t.Fatal(err)
	}
	ada.writes(third, "away once more")
	if err := ben.node.SetOffline(false); err != nil {
		t.Fatal(err)
	}
	ben.shares(park, ada)
	ben.node.SetFrugal(false)
	ben.same(park, ada)
}
