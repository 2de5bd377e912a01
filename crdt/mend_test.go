package crdt_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// nonsense is what a member may sign although no document can make sense of it.
var nonsense = map[string]chunk.Op{
	"in an object that is not there":       {Object: chunk.ID{Counter: 77}, Key: chunk.Key{Name: "x", IsName: true}, Action: chunk.Put, Value: chunk.String("v")},
	"an element of what is no list":        {Insert: true, Action: chunk.Put, Value: chunk.String("v")},
	"a deletion of what was never written": {Key: chunk.Key{Name: "x", IsName: true}, Action: chunk.Delete, Pred: []chunk.ID{{Counter: 55}}},
}

// bears makes a text document that can be read.
func (d *device) bears(ref crdt.Ref, child *materialize.Child) {
	d.t.Helper()
	actor := space.ActorFor(ref.Space, d.key.Device(), 0)
	born, err := child.Create(d.t.Context(), materialize.Birth{Actor: chunk.Actor(actor[:]), Kind: "text", Markdown: "hello", Time: time.Now()})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, raw := range born {
		c, err := chunk.ParseChange(raw, chunk.DefaultLimits)
		if err != nil {
			d.t.Fatal(err)
		}
		d.commits(ref, c)
	}
}

// does makes a change of one operation.
func (p *pen) does(op chunk.Op) chunk.Change {
	p.t.Helper()
	c, err := chunk.Encode(chunk.Change{Actor: p.actor, Seq: p.seq + 1, StartOp: p.maxOp + 1000, Time: 1, Deps: p.heads},
		[]chunk.Actor{p.actor}, []chunk.Op{op})
	if err != nil {
		p.t.Fatal(err)
	}
	p.seq, p.maxOp, p.heads = c.Seq, c.MaxOp, []chunk.Hash{c.Hash}
	return c
}

func TestNonsenseIsSetAsideAndTheDocumentStaysReadable(t *testing.T) {
	child := materialize.New(materialize.Options{})
	defer child.Close()
	for name, op := range nonsense {
		t.Run(name, func(t *testing.T) {
			ada, ben, mal := newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands(), newDevice(t, "Mal").understands()
			ref := ada.founds()
			ada.admits(ref.Space, space.Editor, ben, mal)
			ada.bears(ref, child)
			hers := ada.picksUp(ref)
			ada.commits(ref, hers.writesMany(6)...)
			if name != "in an object that is not there" {
				ada.compacts(ref)
			}
			for _, d := range []*device{ben, mal} {
				d.catchesUp(ref, ada, 1<<20)
			}
			mals := mal.picksUp(ref)
			good := mals.writes("sense")
			bad := mals.does(op)
			above := mals.writes("on top of it")
			if got := ada.takes(ref, mal.bundle(ref, good, bad, above), mal); got.Accepted != 3 {
				t.Fatalf("%+v", got)
			}
			if got := ben.takes(ref, mal.bundle(ref, good), mal); got.Accepted != 1 {
				t.Fatalf("%+v", got)
			}
			if got := ben.takes(ref, mal.bundle(ref, bad, above), mal); got.Accepted != 2 {
				t.Fatalf("%+v", got)
			}
			// Somebody else works beside it, and somebody on top of it.
			beside := hers.writes("beside it")
			ada.commits(ref, beside)
			bens := ben.picksUp(ref)
			onTop := bens.writes("on top of it, too")
			ben.commits(ref, onTop)
			ada.catchesUp(ref, ben, 1<<20)

			position := ada.store.Position()
			removed, err := ada.store.Mend(t.Context(), ref)
			if err != nil || removed < 3 {
				t.Fatalf("%d set aside, %v", removed, err)
			}
			if moves, _, err := ada.store.Wait(t.Context(), position); err != nil || len(moves) != 1 || moves[0].Ref != ref {
				t.Fatalf("moves %+v, %v", moves, err)
			}
			check := func(when string) {
				t.Helper()
				chunks, _, err := ada.store.Load(ref)
				if err != nil {
					t.Fatal(err)
				}
				text, err := child.Read(t.Context(), chunks, materialize.Text)
				if err != nil || string(text) != "hello" {
					t.Fatalf("%s: %q, %v", when, text, err)
				}
				if v := ada.vector(ref); v[bad.Actor] >= bad.Seq || v[beside.Actor] != beside.Seq || v[onTop.Actor] != 0 {
					t.Fatalf("%s: %v", when, v)
				}
			}
			check("mended")
			ada.restarts()
			check("restarted")
			if chunks, _, err := ada.store.After(ref, position); err != nil || len(chunks) == 0 {
				t.Fatalf("a window is not told to begin again: %d chunks, %v", len(chunks), err)
			}
			list, err := ada.store.Quarantine(ref.Space)
			if err != nil || len(list) != removed {
				t.Fatalf("%d in quarantine, %v", len(list), err)
			}
			// It is refused when it comes again, without anybody being blamed.
			for _, b := range []crdt.Bundle{mal.bundle(ref, bad, above), ben.bundle(ref, onTop)} {
				got := ada.takes(ref, b, mal)
				if got.Accepted != 0 || !errors.Is(got.Err(), crdt.ReasonNonsense) || got.Refused[0].Reason.Forged() {
					t.Fatalf("%+v", got)
				}
			}
			if removed, err := ada.store.Mend(t.Context(), ref); err != nil || removed != 0 {
				t.Fatalf("%d set aside again, %v", removed, err)
			}
			// Ben finds it when he compacts, comes to the same, and writes on
			// under another name, as others hold what was under this one.
			ben.catchesUp(ref, ada, 1<<20)
			ben.compacts(ref)
			again := ben.picksUp(ref)
			if again.actor == bens.actor {
				t.Fatal("Ben's actor is used again")
			}
			ben.commits(ref, again.writes("back to work"))
			ada.takes(ref, mal.bundle(ref, good), mal)
			ada.catchesUp(ref, ben, 1<<20)
			if !maps.Equal(ada.history(ref), ben.history(ref)) || ada.store.Digest(ref.Space) != ben.store.Digest(ref.Space) {
				t.Fatal("Ada and Ben hold different things")
			}
		})
	}
}

func TestNonsenseFromOthersIsFoundWithoutAnybodyReading(t *testing.T) {
	child := materialize.New(materialize.Options{})
	defer child.Close()
	ada, mal := newDevice(t, "Ada").understands(), newDevice(t, "Mal")
	ada.options.Housekeeping = 10 * time.Millisecond
	ada.restarts()
	ref := ada.founds()
	ada.admits(ref.Space, space.Editor, mal)
	ada.bears(ref, child)
	mal.catchesUp(ref, ada, 1<<20)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- ada.store.Run(ctx) }()
	bad := mal.picksUp(ref).does(nonsense["an element of what is no list"])
	got := ada.takes(ref, mal.bundle(ref, bad), mal)
	if got.Accepted != 1 {
		t.Fatalf("%+v", got)
	}
	waiting, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	if moves, _, err := ada.store.Wait(waiting, got.Position); err != nil || len(moves) != 1 || moves[0].Ref != ref {
		t.Fatalf("moves %+v, %v", moves, err)
	}
	if v := ada.vector(ref); v[bad.Actor] != 0 {
		t.Fatalf("vector %v", v)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestMendLeavesAReadableDocumentAlone(t *testing.T) {
	child := materialize.New(materialize.Options{})
	defer child.Close()
	ada := newDevice(t, "Ada").understands()
	ref := ada.founds()
	ada.bears(ref, child)
	position := ada.store.Position()
	if removed, err := ada.store.Mend(t.Context(), ref); err != nil || removed != 0 || ada.store.Position() != position {
		t.Fatalf("%d set aside, %v", removed, err)
	}
}
