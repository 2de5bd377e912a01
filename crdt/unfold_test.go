package crdt_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"parley/crdt"
	"parley/crdt/chunk"
	"parley/crdt/materialize"
	"parley/space"
)

// compacted is a text of Ada's with some letters of Ben's, as one snapshot, and
// the letters.
func compacted(t *testing.T) (ada, ben *device, ref crdt.Ref, b crdt.Bundle, letters []chunk.Change) {
	t.Helper()
	ada, ben, ref, birth := aText(t)
	ada.commits(ref, ada.picksUp(ref).writesMany(300)...) // more than would be sent one by one
	his := ben.picksUp(ref)
	for _, letter := range []string{"a", "b", "c"} {
		one := his.letter(birth, letter)
		letters = append(letters, one)
		ada.takes(ref, ben.bundle(ref, one), ben)
	}
	ada.compacts(ref)
	b, _, err := ada.store.Since(t.Context(), ref, nil, 1<<20)
	if err != nil || len(b.Snapshots) != 1 {
		t.Fatalf("%d snapshots, %v", len(b.Snapshots), err)
	}
	return ada, ben, ref, b, letters
}

// knows makes a device that knows a space and nothing of its documents.
func (d *device) knows(id space.ID, name string) *device {
	d.t.Helper()
	other := newDevice(d.t, name).understands()
	d.admits(id, space.Editor, other)
	other.hears(id, d)
	return other
}

func TestAFirstSnapshotIsTakenInWithoutOpeningIt(t *testing.T) {
	ada, _, ref, b, _ := compacted(t)
	cem := ada.knows(ref.Space, "Cem")
	cem.options.Materializer = nil
	cem.restarts()
	lie := b
	lie.Signatures = slices.Clone(b.Signatures)
	for i, signature := range lie.Signatures {
		if signature.Device == ada.key.Device() {
			lie.Signatures[i] = crdt.Sign(ada.key, ref, chunk.Change{Actor: signature.Actor, Seq: signature.Seq, Hash: chunk.Hash{1}})
		}
	}
	if got := cem.takes(ref, lie, ada); got.Accepted != 0 || len(got.Refused) != 1 || got.Refused[0].Reason != crdt.ReasonNotVouched {
		t.Fatalf("under a signature of something else: %+v", got)
	}
	if got := cem.takes(ref, b, ada); got.Accepted < 303 || got.Err() != nil {
		t.Fatalf("%+v", got)
	}
	if cem.digest(ref) != ada.digest(ref) {
		t.Error("they hold different things")
	}
	// What builds on it is told from what does not, likewise.
	one := ada.picksUp(ref).writes("more")
	ada.commits(ref, one)
	if got := cem.takes(ref, ada.bundle(ref, one), ada); got.Accepted != 1 {
		t.Errorf("%+v", got)
	}
}

func TestAFirstSnapshotIsShownOnceItIsVetted(t *testing.T) {
	ada, _, ref, b, letters := compacted(t)
	cem := ada.knows(ref.Space, "Cem")
	child := materialize.New(materialize.Options{})
	defer child.Close()
	bad := letters[1]
	cem.options.Materializer = &marked{Child: child, over: bad}
	cem.restarts()
	if got := cem.takes(ref, b, ada); got.Accepted < 303 || got.Err() != nil {
		t.Fatalf("%+v", got)
	}
	if chunks, _, err := cem.store.LoadVetted(ref); err != nil || len(chunks) != 0 {
		t.Fatalf("%d chunks are shown before anybody has read them, %v", len(chunks), err)
	}
	cem.vets(ref)
	if got := cem.quarantined(ref.Space)[bad.Hash]; got != crdt.ReasonCrash {
		t.Fatalf("it was set aside for %v", got)
	}
	// Nothing is left that vouches for the letter before it.
	if text, position := cem.shown(ref); text != "hello" || position != cem.moved(ref) {
		t.Fatalf("%q is shown, through %d", text, position)
	}
}

// particular is a child that cannot read one snapshot, and reads all it is made
// of. It stands in for a snapshot whose operations are listed as no program lists
// them.
type particular struct {
	*materialize.Child
	about []byte
}

func (p *particular) Vet(ctx context.Context, chunks [][]byte) (chunk.Report, error) {
	if slices.ContainsFunc(chunks, func(raw []byte) bool { return bytes.Equal(raw, p.about) }) {
		return chunk.Report{}, chunk.ErrUnreadable
	}
	return p.Child.Vet(ctx, chunks)
}

// withoutIndexes is a snapshot as old programs wrote it, without saying at its end
// where its heads are listed.
func withoutIndexes(t *testing.T, raw []byte) []byte {
	t.Helper()
	_, n := binary.Uvarint(raw[9:])
	for body := raw[9+n : len(raw)-1]; len(body) > 0; body = body[:len(body)-1] {
		framed := append(binary.AppendUvarint([]byte{byte(chunk.KindDocument)}, uint64(len(body))), body...)
		sum := sha256.Sum256(framed)
		shorter := slices.Concat(raw[:4], sum[:4], framed)
		if _, err := chunk.ParseSnapshot(shorter, chunk.DefaultLimits); err == nil {
			return shorter
		}
	}
	t.Fatal("it says nothing of that")
	return nil
}

func TestASnapshotThatCannotBeReadIsMadeAnewOfItsChanges(t *testing.T) {
	ada, _, ref, b, _ := compacted(t)
	b.Snapshots[0] = withoutIndexes(t, b.Snapshots[0])
	cem := ada.knows(ref.Space, "Cem")
	child := materialize.New(materialize.Options{})
	defer child.Close()
	cem.options.Materializer = &particular{Child: child, about: b.Snapshots[0]}
	cem.restarts()
	if got := cem.takes(ref, b, ada); got.Accepted < 303 || got.Err() != nil {
		t.Fatalf("%+v", got)
	}
	cem.vets(ref)
	if got := cem.quarantined(ref.Space); len(got) != 0 {
		t.Fatalf("set aside: %v", got)
	}
	want, _ := ada.shown(ref)
	if text, position := cem.shown(ref); text != want || position != cem.moved(ref) {
		t.Fatalf("%q is shown, through %d, and not %q", text, position, want)
	}
	if cem.digest(ref) != ada.digest(ref) {
		t.Error("they hold different things")
	}
	cem.restarts()
	if got := cem.history(ref); len(got) != len(ada.history(ref)) {
		t.Errorf("%d changes", len(got))
	}
}
