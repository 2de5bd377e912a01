package app_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/app"
	"parley/crdt"
	"parley/crdt/badger"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/p2p/lab"
	"parley/space"
)

func TestMain(m *testing.M) {
	if app.RunChild(os.Args) {
		return
	}
	goleak.VerifyTestMain(lab.Apart(m))
}

// device is an open App with a person, for one test.
type device struct {
	*app.App
	t   *testing.T
	ctx context.Context
}

// openAt opens the device in a directory. The test closes it, or its end does.
func openAt(t *testing.T, dir string, network bool) *device {
	t.Helper()
	locations, err := app.At(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	opened, err := app.Open(ctx, app.Options{
		Locations: locations, Network: network,
		Listen: []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"},
		Log:    slog.New(slog.NewTextHandler(testLog(t), &slog.HandlerOptions{Level: slog.LevelInfo})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &device{App: opened, t: t, ctx: ctx}
}

// newDevice opens a fresh device that is closed at the test's end.
func newDevice(t *testing.T, name string) *device {
	t.Helper()
	d := openAt(t, t.TempDir(), true)
	t.Cleanup(d.close)
	if err := d.SetPerson(d.ctx, app.Person{Name: name}); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *device) close() {
	if err := d.Close(); err != nil {
		d.t.Error(err)
	}
}

// space founds a space with one document in it.
func (d *device) space(text string) (space.ID, crdt.Ref) {
	d.t.Helper()
	id, err := d.CreateSpace(d.ctx, "Park")
	if err != nil {
		d.t.Fatal(err)
	}
	document, err := d.CreateDocument(d.ctx, id, app.NewDocument{Kind: "text", Title: "Plan", Markdown: text})
	if err != nil {
		d.t.Fatal(err)
	}
	return id, crdt.Ref{Space: id, Document: document, Part: space.Body}
}

func (d *device) text(ref crdt.Ref) string {
	d.t.Helper()
	raw, err := d.Show(d.ctx, ref, app.FormatText)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(raw)
}

// page is a window with the events that it was told.
type page struct {
	*app.Window
	t      *testing.T
	ref    crdt.Ref
	events chan app.Event
	opened app.OpenedDocument
	mine   [][]byte // what this page has committed
	close  func()
}

func (d *device) page(ref crdt.Ref) *page {
	d.t.Helper()
	p := &page{t: d.t, ref: ref, events: make(chan app.Event, 1<<10)}
	window, closeWindow := d.OpenWindow(d.ctx, func(e app.Event) { p.events <- e })
	p.Window, p.close = window, closeWindow
	p.open()
	return p
}

func (p *page) open() {
	p.t.Helper()
	opened, err := p.OpenDocument(p.ref.Space.String(), p.ref.Document.String(), p.ref.Part.String())
	if err != nil {
		p.t.Fatal(err)
	}
	p.opened = opened
}

// types makes the change that a key in this page would make. The child stands
// in for the page's Automerge.
func (p *page) types(text string) []byte {
	p.t.Helper()
	child := materialize.New(materialize.Options{})
	defer child.Close()
	var actor chunk.Actor
	if err := actor.UnmarshalText([]byte(p.opened.Actor)); err != nil {
		p.t.Fatal(err)
	}
	change, err := child.Edit(context.Background(), append(p.opened.Chunks, p.mine...), actor,
		materialize.Edit{Insert: text, Time: time.Now()})
	if err != nil {
		p.t.Fatal(err)
	}
	return change
}

func (p *page) commit(changes ...[]byte) (app.Committed, error) {
	done, err := p.Commit(p.ref.Space.String(), p.ref.Document.String(), p.ref.Part.String(), changes)
	if err == nil {
		p.mine = append(p.mine, changes...)
	}
	return done, err
}

func (p *page) pull(after uint64) app.Pulled {
	p.t.Helper()
	pulled, err := p.Pull(p.ref.Space.String(), p.ref.Document.String(), p.ref.Part.String(), after)
	if err != nil {
		p.t.Fatal(err)
	}
	return pulled
}

// hears waits for an event of that name.
func (p *page) hears(name app.EventName) app.Event {
	p.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case e := <-p.events:
			if e.Name == name {
				return e
			}
		case <-deadline:
			p.t.Fatalf("was not told of %q", name)
		}
	}
}

func codeOf(err error) app.Code {
	if err == nil {
		return ""
	}
	return app.Explain(err).Code
}

// makeNewer writes into a store what a newer version would: a higher format
// number (docs/formats.md, Storage).
func makeNewer(t *testing.T, l app.Locations) {
	t.Helper()
	backend, err := badger.Open(badger.Options{Dir: l.Store(), Key: storeKey(t, l).Store(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	if err := backend.Write([]crdt.Op{{Key: []byte{'m', 'v'}, Value: []byte{0, 0, 0, 0, 0, 0, 0, 99}}}); err != nil {
		t.Fatal(err)
	}
}

// testLog shows a device's log with a failed test.
func testLog(t *testing.T) io.Writer { return t.Output() }

// foundWithoutIndex leaves what a device leaves that is killed while it founds
// a space.
func foundWithoutIndex(t *testing.T, l app.Locations) space.ID {
	t.Helper()
	log, _, err := space.Found(keyOf(t, l), "Park", space.Person{Name: "Ada"}, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	store(t, l, log)
	return log.ID()
}

// waitFor polls a condition that nothing tells of.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("gave up waiting until %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
