package crdt_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

const day = 24 * time.Hour

// calendar is a clock that people set.
type calendar struct{ now time.Time }

// librarian is a device that understands documents and counts how often it
// opens one to look for blobs.
type librarian struct {
	*device
	calendar *calendar
	finder   *countingFinder
}

type countingFinder struct {
	*materialize.Child
	opened int
	before func() // called ahead of opening one; may be nil
	fail   error
}

func (f *countingFinder) Blobs(ctx context.Context, chunks [][]byte) ([][32]byte, error) {
	f.opened++
	found, err := f.Child.Blobs(ctx, chunks)
	if f.before != nil {
		f.before()
	}
	return found, errors.Join(err, f.fail)
}

func newLibrarian(t *testing.T) librarian {
	t.Helper()
	d := newDevice(t, "Ada").understands()
	l := librarian{device: d, calendar: &calendar{now: time.Now()}, finder: &countingFinder{Child: d.options.Materializer.(*materialize.Child)}}
	d.options.Materializer = l.finder
	d.options.Now = func() time.Time { return l.calendar.now }
	d.restarts()
	return l
}

// rounds lets days go by, with a round on each, and returns how many blobs
// were removed.
func (l librarian) rounds(n int, each time.Duration) (removed int) {
	l.t.Helper()
	for range n {
		l.calendar.now = l.calendar.now.Add(each)
		gone, err := l.store.CollectBlobs(l.t.Context())
		if err != nil {
			l.t.Fatal(err)
		}
		removed += gone
	}
	return removed
}

// sets is an operation that puts a string under a name.
func sets(object chunk.ID, name, value string) chunk.Op {
	return chunk.Op{Object: object, Key: chunk.Key{Name: name, IsName: true}, Action: chunk.Put, Value: chunk.String(value)}
}

// makes is an operation that makes an object under a name.
func makes(object chunk.ID, name string, action chunk.Action) chunk.Op {
	return chunk.Op{Object: object, Key: chunk.Key{Name: name, IsName: true}, Action: action}
}

// id is that of the last operation of the pen's last change.
func (p *pen) id() chunk.ID { return chunk.ID{Counter: p.maxOp} }

func (d *device) does(ref crdt.Ref, p *pen, op chunk.Op) chunk.ID {
	d.t.Helper()
	d.commits(ref, p.does(op))
	return p.id()
}

func TestWhatADocumentRefersToStays(t *testing.T) {
	l := newLibrarian(t)
	body := l.founds()
	notes := body
	notes.Part = space.Annotations
	var blobs []crdt.Blob
	for i := range 7 {
		blobs = append(blobs, l.puts(body.Space, picture(100, 100+uint64(i))))
	}
	inBody, inNotes := l.picksUp(body), l.picksUp(notes)
	// In a map in a map, in a list, in a text, as the value of a mark, in the
	// annotations, and twice at once in one place.
	outer := l.does(body, inBody, makes(chunk.ID{}, "a", chunk.MakeMap))
	inner := l.does(body, inBody, makes(outer, "b", chunk.MakeMap))
	l.does(body, inBody, sets(inner, "c", blobs[0].ID.Reference()))
	list := l.does(body, inBody, makes(chunk.ID{}, "list", chunk.MakeList))
	element := l.does(body, inBody, chunk.Op{Object: list, Insert: true, Action: chunk.Put, Value: chunk.String(blobs[1].ID.Reference())})
	text := l.does(body, inBody, makes(chunk.ID{}, "text", chunk.MakeText))
	l.does(body, inBody, chunk.Op{Object: text, Insert: true, Action: chunk.Put, Value: chunk.String(blobs[2].ID.Reference())})
	l.does(body, inBody, chunk.Op{Object: text, Insert: true, Action: chunk.Mark, Mark: "image", Begins: true, Value: chunk.String(blobs[3].ID.Reference())})
	note := l.does(notes, inNotes, sets(chunk.ID{}, "note", blobs[4].ID.Reference()))
	l.does(body, inBody, sets(chunk.ID{}, "both", blobs[5].ID.Reference()))
	l.does(body, inBody, sets(chunk.ID{}, "both", blobs[6].ID.Reference()))

	if removed := l.rounds(100, day); removed != 0 {
		t.Fatalf("%d files that are in use were removed", removed)
	}
	if l.finder.opened != 2 {
		t.Errorf("documents were opened %d times, and there are two that never moved", l.finder.opened)
	}
	l.compacts(body)
	l.restarts()
	if removed := l.rounds(40, day); removed != 0 || l.finder.opened != 2 {
		t.Fatalf("%d removed, opened %d times", removed, l.finder.opened)
	}
	// Overwritten, deleted, and inside what was deleted.
	inBody, inNotes = l.picksUp(body), l.picksUp(notes)
	gone := []crdt.Blob{blobs[0], blobs[1], blobs[4]}
	deletion := makes(chunk.ID{}, "a", chunk.Delete)
	deletion.Pred = []chunk.ID{outer}
	l.deletes(body, inBody, deletion)
	l.deletes(body, inBody, chunk.Op{Object: list, Key: chunk.Key{Elem: element}, Action: chunk.Delete, Pred: []chunk.ID{element}})
	over := sets(chunk.ID{}, "note", "gone")
	over.Pred = []chunk.ID{note}
	l.deletes(notes, inNotes, over)
	if removed := l.rounds(30, day); removed != 0 {
		t.Fatalf("%d were removed before their time", removed)
	}
	if removed := l.rounds(1, day); removed != len(gone) {
		t.Fatalf("%d were removed of %d", removed, len(gone))
	}
	left := l.files(body.Space)
	for _, blob := range blobs {
		if slices.Contains(left, blob.ID) == slices.Contains(gone, blob) {
			t.Errorf("%s, of those left: %v", blob.ID, left)
		}
	}
	if n := l.records(body.Space, 'B'); n != len(left) {
		t.Errorf("%d pieces of %d files", n, len(left))
	}
}

// deletes commits a change whose operations refer to those of another actor of
// this device.
func (d *device) deletes(ref crdt.Ref, p *pen, op chunk.Op) {
	d.t.Helper()
	chunks, _, err := d.store.Load(ref)
	if err != nil {
		d.t.Fatal(err)
	}
	author := authorOf(d.t, chunks)
	table := []chunk.Actor{p.actor}
	if author != p.actor {
		table = append(table, author)
	}
	theirs := func(id chunk.ID) chunk.ID {
		if !id.IsZero() {
			id.Actor = len(table) - 1
		}
		return id
	}
	op.Object, op.Key.Elem = theirs(op.Object), theirs(op.Key.Elem)
	for i := range op.Pred {
		op.Pred[i] = theirs(op.Pred[i])
	}
	c, err := chunk.Encode(chunk.Change{Actor: p.actor, Seq: p.seq + 1, StartOp: p.maxOp + 1, Time: 1, Deps: p.heads}, table, []chunk.Op{op})
	if err != nil {
		d.t.Fatal(err)
	}
	p.seq, p.maxOp, p.heads = c.Seq, c.MaxOp, []chunk.Hash{c.Hash}
	d.commits(ref, c)
}

// authorOf is who wrote the first change of a part.
func authorOf(t testing.TB, chunks [][]byte) chunk.Actor {
	t.Helper()
	for _, raw := range chunks {
		if s, err := chunk.ParseSnapshot(raw, chunk.DefaultLimits); err == nil {
			return s.Actors[0]
		}
		if c, err := chunk.ParseChange(raw, chunk.DefaultLimits); err == nil && c.Seq == 1 {
			return c.Actor
		}
	}
	t.Fatal("nobody wrote anything")
	return ""
}

func TestACalendarThatJumpsRemovesNothingAtOnce(t *testing.T) {
	l := newLibrarian(t)
	id := l.founds().Space
	blob := l.puts(id, picture(100, 200))
	l.rounds(1, 0)
	if removed := l.rounds(1, 20*365*day); removed != 0 {
		t.Fatal("removed after a jump of 20 years")
	}
	if removed := l.rounds(100, time.Hour); removed != 0 {
		t.Fatal("removed a hundred hours after a jump")
	}
	if removed := l.rounds(1, -20*365*day); removed != 0 {
		t.Fatal("removed when the calendar was put right")
	}
	l.restarts()
	if removed := l.rounds(10, -day); removed != 0 {
		t.Fatal("removed while time went backwards")
	}
	// A hundred hours and the day that the jump counted for are what it has
	// waited, so 24 days and 20 hours are left.
	if removed := l.rounds(24, day); removed != 0 {
		t.Fatal("removed too early")
	}
	if removed := l.rounds(20, time.Hour); removed != 1 {
		t.Fatal("not removed in the end")
	}
	if _, err := l.store.OpenBlob(id, blob.ID); !errors.Is(err, crdt.ErrNoBlob) {
		t.Fatal(err)
	}
}

func TestWhatIsPutAgainStaysAsLongAsNew(t *testing.T) {
	l := newLibrarian(t)
	id := l.founds().Space
	raw := picture(100, 201)
	blob := l.puts(id, raw)
	l.rounds(30, day)
	l.puts(id, raw)
	if removed := l.rounds(30, day); removed != 0 {
		t.Fatal("removed although it was put again")
	}
	if list, err := l.store.Blobs(id); err != nil || len(list) != 1 || !list[0].Unused || list[0].ID != blob.ID {
		t.Fatalf("%+v, %v", list, err)
	}
	if removed := l.rounds(1, day); removed != 1 {
		t.Fatal("not removed in the end")
	}
	l.puts(id, raw)
	if got := l.gets(id, blob.ID); len(got) != len(raw) {
		t.Fatal("put again after it was removed")
	}
}

func TestADocumentThatCannotBeReadKeepsAllBlobs(t *testing.T) {
	l := newLibrarian(t)
	ref := l.founds()
	l.puts(ref.Space, picture(100, 202))
	l.commits(ref, l.picksUp(ref).writes("x"))
	l.rounds(25, day)
	l.finder.fail = materialize.ErrCrashed
	l.commits(ref, l.picksUp(ref).writes("y"))
	for range 50 {
		l.calendar.now = l.calendar.now.Add(day)
		if removed, err := l.store.CollectBlobs(t.Context()); removed != 0 || !errors.Is(err, materialize.ErrCrashed) {
			t.Fatalf("%d removed, %v", removed, err)
		}
	}
	l.finder.fail = nil
	if removed := l.rounds(5, day); removed != 0 {
		t.Fatal("removed too early: what went by while it could not be read must count for a day at most")
	}
	if removed := l.rounds(1, day); removed != 1 {
		t.Fatal("not removed in the end")
	}
}

func TestAReferenceMadeDuringARoundIsSeen(t *testing.T) {
	l := newLibrarian(t)
	ref := l.founds()
	blob := l.puts(ref.Space, picture(100, 203))
	pen := l.picksUp(ref)
	l.commits(ref, pen.writes("x"))
	l.rounds(30, day)
	l.commits(ref, pen.writes("y"))
	l.finder.before = func() {
		l.finder.before = nil
		l.does(ref, pen, sets(chunk.ID{}, "image", blob.ID.Reference()))
	}
	if removed := l.rounds(1, day); removed != 0 {
		t.Fatal("removed although somebody had just referred to it")
	}
	if l.finder.before != nil {
		t.Fatal("the document was not opened")
	}
	if list, err := l.store.Blobs(ref.Space); err != nil || len(list) != 1 || list[0].Unused {
		t.Fatalf("%+v, %v", list, err)
	}
}

// TestRunRemovesWhatNothingRefersTo goes by real clocks.
func TestRunRemovesWhatNothingRefersTo(t *testing.T) {
	d := newDevice(t, "Ada").understands()
	d.options.Housekeeping, d.options.BlobRound, d.options.BlobGrace = 5*time.Millisecond, 5*time.Millisecond, time.Second
	d.restarts()
	id := d.founds().Space
	d.puts(id, picture(100, 204))
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- d.store.Run(ctx) }()
	deadline := time.Now().Add(30 * time.Second)
	for len(d.files(id)) > 0 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond) // between two looks
	}
	stop()
	if err := <-ran; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if len(d.files(id)) > 0 {
		t.Error("it is still there")
	}
}
