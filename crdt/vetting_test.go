package crdt_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// vets vets a part, which must help.
func (d *device) vets(ref crdt.Ref) (through uint64) {
	d.t.Helper()
	through, err := d.store.Vetted(d.t.Context(), ref)
	if err != nil {
		d.t.Fatal(err)
	}
	return through
}

// shown reads what of a part can be shown.
func (d *device) shown(ref crdt.Ref) (text string, position uint64) {
	d.t.Helper()
	chunks, position, err := d.store.LoadVetted(ref)
	if err != nil {
		d.t.Fatal(err)
	}
	if len(chunks) == 0 {
		return "", position
	}
	child := materialize.New(materialize.Options{})
	defer child.Close()
	read, err := child.Read(d.t.Context(), chunks, materialize.Text)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(read), position
}

// letter is a change that writes at the start of a text that bears made.
func (p *pen) letter(birth chunk.Actor, c string) chunk.Change {
	p.t.Helper()
	text := chunk.ID{Counter: 3, Actor: 1}
	actors := []chunk.Actor{p.actor, birth}
	if birth == p.actor {
		text.Actor, actors = 0, actors[:1]
	}
	made, err := chunk.Encode(chunk.Change{Actor: p.actor, Seq: p.seq + 1, StartOp: p.maxOp + 1, Time: 1, Deps: p.heads},
		actors, []chunk.Op{{Object: text, Insert: true, Action: chunk.Put, Value: chunk.String(c)}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.seq, p.maxOp, p.heads = made.Seq, made.MaxOp, []chunk.Hash{made.Hash}
	return made
}

// aText is a text that Ada has made and Ben has too; both may write it.
func aText(t *testing.T) (ada, ben *device, ref crdt.Ref, birth chunk.Actor) {
	t.Helper()
	child := materialize.New(materialize.Options{})
	defer child.Close()
	ada, ben = newDevice(t, "Ada").understands(), newDevice(t, "Ben").understands()
	ref = ada.founds()
	ada.admits(ref.Space, space.Editor, ben)
	ada.bears(ref, child)
	actor := space.ActorFor(ref.Space, ada.key.Device(), 0)
	ben.catchesUp(ref, ada, 1<<20)
	return ada, ben, ref, chunk.Actor(actor[:])
}

func TestWhatOthersWroteIsShownOnceItIsVetted(t *testing.T) {
	for _, live := range []bool{false, true} {
		t.Run(fmt.Sprintf("held open %v", live), func(t *testing.T) {
			ada, ben, ref, birth := aText(t)
			if live {
				defer ada.store.Show(ref)()
			}
			first := ada.vets(ref)
			if first != ada.moved(ref) {
				t.Fatal("what was written here has to be looked at")
			}
			his := ben.picksUp(ref)
			for i, letter := range []string{"a", "b", "c"} {
				one := his.letter(birth, letter)
				ada.takes(ref, ben.bundle(ref, one), ben)
				chunks, next, anew, err := ada.store.AfterVetted(ref, first)
				if err != nil || len(chunks) != 0 || next != first || anew {
					t.Fatalf("%d chunks, %d, %v before they are vetted", len(chunks), next, err)
				}
				if text, _ := ada.shown(ref); text != []string{"hello", "a\nhello", "ba\nhello"}[i] {
					t.Fatalf("%q is shown", text)
				}
				through := ada.vets(ref)
				chunks, next, anew, err = ada.store.AfterVetted(ref, first)
				if err != nil || len(chunks) != 1 || next != through || anew {
					t.Fatalf("%d chunks, %d, %v", len(chunks), next, err)
				}
				first = next
			}
			// What this device writes on top needs nobody to look.
			ada.commits(ref, ada.picksUp(ref).letter(birth, "d"))
			if _, position := ada.shown(ref); position != ada.moved(ref) {
				t.Fatal("what was written here has to be looked at")
			}
			bad := his.does(nonsense["an element of what is no list"])
			ada.takes(ref, ben.bundle(ref, bad, his.letter(birth, "e")), ben)
			through := ada.vets(ref)
			if got := ada.quarantined(ref.Space)[bad.Hash]; got != crdt.ReasonNonsense {
				t.Fatalf("it was set aside for %v", got)
			}
			if chunks, next, anew, err := ada.store.AfterVetted(ref, first); err != nil || len(chunks) == 0 || next != through || !anew {
				t.Fatalf("%d chunks, %d, anew %v, %v", len(chunks), next, anew, err)
			}
			if text, _ := ada.shown(ref); text != "dcba\nhello" {
				t.Fatalf("%q is shown", text)
			}
			ada.restarts()
			if text, position := ada.shown(ref); text != "dcba\nhello" || position != ada.moved(ref) {
				t.Fatalf("after a restart %q is shown, through %d", text, position)
			}
		})
	}
}

func (d *device) moved(ref crdt.Ref) uint64 {
	d.t.Helper()
	position, err := d.store.LastMove(ref)
	if err != nil {
		d.t.Fatal(err)
	}
	return position
}

// TestVettingLiveTakesLittle measures what a window waits for between the
// append of a remote change and being told of it.
func TestVettingLiveTakesLittle(t *testing.T) {
	ada, ben, ref, birth := aText(t)
	defer ada.store.Show(ref)()
	his := ben.picksUp(ref)
	var took []time.Duration
	for range 200 {
		ada.takes(ref, ben.bundle(ref, his.letter(birth, "x")), ben)
		began := time.Now()
		ada.vets(ref)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	median, p99 := took[len(took)/2], took[len(took)*99/100]
	t.Logf("median %v, p99 %v", median, p99)
	if median > 20*time.Millisecond {
		t.Errorf("it takes %v", median) // the aim is 0.5 ms; this is for busy machines
	}
}

// bomb is a change of few bytes that takes more memory than the child of the
// tests may use.
func (p *pen) bomb() chunk.Change {
	p.t.Helper()
	ops := make([]chunk.Op, 1<<20)
	for i := range ops {
		ops[i] = chunk.Op{Key: chunk.Key{Name: "k", IsName: true}, Action: chunk.Put}
	}
	c, err := chunk.Encode(chunk.Change{Actor: p.actor, Seq: p.seq + 1, StartOp: p.maxOp + 1, Time: 1, Deps: p.heads}, nil, ops)
	if err != nil {
		p.t.Fatal(err)
	}
	p.seq, p.maxOp, p.heads = c.Seq, c.MaxOp, []chunk.Hash{c.Hash}
	return c
}

// counted counts what is asked of a child.
type counted struct {
	*materialize.Child
	asked atomic.Int64
}

func (c *counted) Vet(ctx context.Context, chunks [][]byte) (chunk.Report, error) {
	c.asked.Add(1)
	return c.Child.Vet(ctx, chunks)
}

func (c *counted) Compact(ctx context.Context, chunks [][]byte) ([]byte, error) {
	c.asked.Add(1)
	return c.Child.Compact(ctx, chunks)
}

// has gives a device a child of its own to ask.
func (d *device) has(options materialize.Options) *counted {
	d.t.Helper()
	c := &counted{Child: materialize.New(options)}
	d.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			d.t.Error(err)
		}
	})
	d.options.Materializer = c
	d.restarts()
	return c
}

// TestADocumentThatNothingHelpsIsLeftAlone has a child that does not get through
// with anything in the time it is given.
func TestADocumentThatNothingHelpsIsLeftAlone(t *testing.T) {
	ada, ben, ref, birth := aText(t)
	ada.compacts(ref)
	his := ben.picksUp(ref)
	child := ada.has(materialize.Options{Deadline: time.Nanosecond})
	first := his.letter(birth, "a")
	ada.takes(ref, ben.bundle(ref, first), ben)
	_, err := ada.store.Vetted(t.Context(), ref)
	if !errors.Is(err, chunk.ErrStopped) {
		t.Fatalf("got %v", err)
	}
	if len(ada.quarantined(ref.Space)) != 0 {
		t.Error("something was set aside in vain")
	}
	// What could be shown before still can.
	if chunks, position, err := ada.store.LoadVetted(ref); err != nil || len(chunks) != 1 || position == 0 {
		t.Errorf("%d chunks through %d, %v", len(chunks), position, err)
	}
	ada.restarts()
	child.asked.Store(0)
	if _, err := ada.store.Vetted(t.Context(), ref); !errors.Is(err, chunk.ErrStopped) {
		t.Errorf("after a restart: %v", err)
	}
	if _, err := ada.store.Mend(t.Context(), ref); !errors.Is(err, chunk.ErrStopped) {
		t.Errorf("mended after a restart: %v", err)
	}
	if n := child.asked.Load(); n != 0 {
		t.Errorf("the child was asked %d times after a restart", n)
	}
	// It is tried again when there is something new, and when there is time
	// then, all is well.
	ada.has(materialize.Options{})
	ada.takes(ref, ben.bundle(ref, his.letter(birth, "b")), ben)
	ada.vets(ref)
	if text, _ := ada.shown(ref); text != "ba\nhello" {
		t.Errorf("%q is shown", text)
	}
}

// marked is a child that stops over one change, also where it lies in a
// snapshot. It stands in for a fault of the core that our own reader does not
// know: none could be found that ends the real child over a snapshot that the
// same child has made, other than for its memory.
type marked struct {
	*materialize.Child
	over chunk.Change
}

func (m *marked) Vet(ctx context.Context, chunks [][]byte) (chunk.Report, error) {
	report, err := m.Child.Vet(ctx, chunks)
	if err == nil && report.Vector[m.over.Actor] >= m.over.Seq {
		return chunk.Report{}, materialize.ErrCrashed
	}
	return report, err
}

func TestWhatEndsTheChildIsFoundInASnapshot(t *testing.T) {
	ada, ben, ref, birth := aText(t)
	hers, his := ada.picksUp(ref), ben.picksUp(ref)
	var bens []chunk.Change
	for _, letter := range []string{"a", "b"} {
		one := his.letter(birth, letter)
		bens = append(bens, one)
		ada.takes(ref, ben.bundle(ref, one), ben)
	}
	for _, letter := range []string{"1", "2"} {
		ada.commits(ref, hers.letter(birth, letter))
	}
	ada.compacts(ref)
	if snapshots, loose := ada.chunks(ref); snapshots != 1 || loose != 0 {
		t.Fatalf("%d snapshots and %d changes", snapshots, loose)
	}
	child := materialize.New(materialize.Options{})
	defer child.Close()
	ada.options.Materializer = &marked{Child: child, over: bens[1]}
	ada.restarts()
	removed, err := ada.store.Mend(t.Context(), ref)
	if err != nil || removed != 1 {
		t.Fatalf("%d set aside, %v", removed, err)
	}
	if got := ada.quarantined(ref.Space)[bens[1].Hash]; got != crdt.ReasonCrash {
		t.Fatalf("it was set aside for %v", got)
	}
	if text, _ := ada.shown(ref); len(text) != len("21a\nhello") || strings.Contains(text, "b") {
		t.Fatalf("%q is shown", text)
	}
}

// A snapshot in which a change lies that was set aside is taken apart: the rest
// of it is taken in.
func TestWhatWasSetAsideDoesNotComeBackInASnapshot(t *testing.T) {
	ada, ben, ref, birth := aText(t)
	cem := newDevice(t, "Cem").understands()
	ada.admits(ref.Space, space.Editor, cem)
	log, _ := ada.store.Log(ref.Space)
	for _, e := range log.Entries() {
		if _, _, err := ben.store.AddEntries(t.Context(), ref.Space, [][]byte{e}); err != nil {
			t.Fatal(err)
		}
	}
	his := ben.picksUp(ref)
	many := his.writesMany(300) // more than would be sent one by one
	ada.takes(ref, ben.bundle(ref, many...), ben)
	if got := ben.takes(ref, ben.bundle(ref, many...), ben); got.Accepted != len(many) {
		t.Fatalf("%+v", got)
	}
	cem.catchesUp(ref, ada, 1<<20)
	cems := cem.picksUp(ref).letter(birth, "c")
	bad := his.letter(birth, "b")
	ada.takes(ref, ben.bundle(ref, bad), ben)
	ben.commits(ref, bad)
	ben.takes(ref, cem.bundle(ref, cems), cem)
	if removed, err := ada.store.SetAside(t.Context(), ref, []chunk.Hash{bad.Hash}, crdt.ReasonTrap); err != nil || removed != 1 {
		t.Fatalf("%d set aside, %v", removed, err)
	}
	ben.compacts(ref)
	b, _, err := ben.store.Since(t.Context(), ref, nil, 1<<20)
	if err != nil || len(b.Snapshots) != 1 {
		t.Fatalf("%d snapshots, %v", len(b.Snapshots), err)
	}
	if got := ada.takes(ref, b, ben); got.Accepted != 1 || !isReason(got, crdt.ReasonTrap) {
		t.Fatalf("%+v", got)
	}
	ada.vets(ref)
	if text, _ := ada.shown(ref); text != "c\nhello" {
		t.Fatalf("%q is shown", text)
	}
}
